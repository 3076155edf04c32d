/** A column or check constraint of a table, as the catalog has it; those that a table inherits are its parent's. */
export type TablePart = ColumnPart | CheckPart;

interface ColumnPart {
  readonly kind: 'column';
  /** Qualified, and quoted as SQL wants it; so are all names and expressions here. */
  readonly table: string;
  readonly name: string;
  /** With its collation, where that is not the type's own. */
  readonly type: string;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly generated: string | null;
}

interface CheckPart {
  readonly kind: 'check';
  readonly table: string;
  readonly name: string;
  /** `CHECK ((price > 0))` */
  readonly definition: string;
}

/** The statements that turn the columns and checks of tables into those of `live`; only of tables that both have. */
export function alterTables(expected: readonly TablePart[], live: readonly TablePart[]): string[] {
  const tables = new Set(expected.map(({ table }) => table));
  const before = new Map(expected.map((part) => [keyOf(part), part]));
  const after = new Set(live.map(keyOf));
  const liveTables = new Set(live.map(({ table }) => table));
  const added = live.filter((part) => tables.has(part.table)).flatMap((part) => change(before.get(keyOf(part)), part));
  const dropped = expected.filter((part) => liveTables.has(part.table) && !after.has(keyOf(part))).map(drop);
  return [...added, ...dropped];
}

function keyOf({ kind, table, name }: TablePart): string {
  return JSON.stringify([kind, table, name]);
}

function change(before: TablePart | undefined, part: TablePart): string[] {
  if (before === undefined) return [add(part)];
  if (before.kind === 'check' || part.kind === 'check') {
    const same = (before as CheckPart).definition === (part as CheckPart).definition;
    return same ? [] : [`${drop(part)}\n${add(part)}`];
  }
  return changeColumn(before, part);
}

function add(part: TablePart): string {
  if (part.kind === 'check') return `${alter(part)} ADD CONSTRAINT ${part.name} ${part.definition};`;
  const { name, type, generated, notNull } = part;
  const value = generated === null ? defaultOf(part) : ` GENERATED ALWAYS AS (${generated}) STORED`;
  return `${alter(part)} ADD COLUMN ${name} ${type}${value}${notNull ? ' NOT NULL' : ''};`;
}

function defaultOf(part: ColumnPart): string {
  return part.default === null ? '' : ` DEFAULT ${part.default}`;
}

function drop(part: TablePart): string {
  return `${alter(part)} DROP ${part.kind === 'check' ? 'CONSTRAINT' : 'COLUMN'} ${part.name};`;
}

function changeColumn(before: ColumnPart, after: ColumnPart): string[] {
  // The expression of a generated column can only be changed before 17 with the column itself.
  if (before.generated !== after.generated) return [`${drop(before)}\n${add(after)}`];
  const column = `${alter(after)} ALTER COLUMN ${after.name}`;
  const [typeName] = after.type.split(' COLLATE ', 1);
  const type = `${column} SET DATA TYPE ${after.type} USING ${after.name}::${typeName};`;
  const retype = before.default === null ? type : `${column} DROP DEFAULT;\n${type}`;
  const retyped = before.type !== after.type;
  const redefaulted = before.default !== after.default || (retyped && before.default !== null);
  return [
    ...(retyped ? [retype] : []),
    ...(redefaulted ? [`${column} ${after.default === null ? 'DROP DEFAULT' : `SET DEFAULT ${after.default}`};`] : []),
    ...(before.notNull === after.notNull ? [] : [`${column} ${after.notNull ? 'SET' : 'DROP'} NOT NULL;`]),
  ];
}

/** As pg_dump writes it. */
function alter({ table }: TablePart): string {
  return `ALTER TABLE ONLY ${table}`;
}
