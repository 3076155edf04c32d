import { identify, identityOf, inUserSchema, object, ofNoExtension, routine } from './scope.ts';

function operator(column: string): string {
  return `NULLIF(${column}::pg_catalog.oid, 0)::pg_catalog.regoperator::text`;
}

function type(column: string): string {
  return `CASE WHEN ${column} <> 0 THEN pg_catalog.format_type(${column}, NULL) END`;
}

const operatorValue = object({
  function: routine('o.oprcode'),
  left: type('o.oprleft'),
  right: type('o.oprright'),
  result: type('o.oprresult'),
  commutator: operator('o.oprcom'),
  negator: operator('o.oprnegate'),
  restrict: routine('o.oprrest'),
  join: routine('o.oprjoin'),
  hashes: 'o.oprcanhash',
  merges: 'o.oprcanmerge',
});

const classValue = object({
  accessMethod: 'm.amname',
  family: identityOf('pg_opfamily', 'c.opcfamily'),
  type: 'pg_catalog.format_type(c.opcintype, NULL)',
  keyType: type('c.opckeytype'),
  default: 'c.opcdefault',
});

const familyOperators = `
  (SELECT pg_catalog.json_agg(${object({
    strategy: 'o.amopstrategy',
    left: type('o.amoplefttype'),
    right: type('o.amoprighttype'),
    operator: operator('o.amopopr'),
    sortFamily: `CASE WHEN o.amopsortfamily <> 0 THEN ${identityOf('pg_opfamily', 'o.amopsortfamily')} END`,
  })} ORDER BY pg_catalog.format_type(o.amoplefttype, NULL) COLLATE "C", pg_catalog.format_type(o.amoprighttype, NULL) COLLATE "C",
               o.amopstrategy, o.amoppurpose)
     FROM pg_catalog.pg_amop o WHERE o.amopfamily = f.oid)`;

const familyFunctions = `
  (SELECT pg_catalog.json_agg(${object({
    number: 'p.amprocnum',
    left: type('p.amproclefttype'),
    right: type('p.amprocrighttype'),
    function: routine('p.amproc'),
  })} ORDER BY pg_catalog.format_type(p.amproclefttype, NULL) COLLATE "C",
               pg_catalog.format_type(p.amprocrighttype, NULL) COLLATE "C", p.amprocnum)
     FROM pg_catalog.pg_amproc p WHERE p.amprocfamily = f.oid)`;

const familyValue = object({ accessMethod: 'm.amname', operators: familyOperators, functions: familyFunctions });

/** classes operator, operator class and operator family. What a class brings is a member of its family; a mere shell, which another operator has announced, is not dumped. */
export const operatorsQuery = identify(`
  SELECT NULL AS class, o.tableoid AS classid, o.oid AS objid, n.nspname AS schema, ${operatorValue} AS value
    FROM pg_catalog.pg_operator o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
   WHERE o.oprcode <> 0 AND ${inUserSchema} AND ${ofNoExtension('pg_operator', 'o.oid')}
   UNION ALL
  SELECT NULL, c.tableoid, c.oid, n.nspname, ${classValue}
    FROM pg_catalog.pg_opclass c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace
    JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_opclass', 'c.oid')}
   UNION ALL
  SELECT NULL, f.tableoid, f.oid, n.nspname, ${familyValue}
    FROM pg_catalog.pg_opfamily f
    JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
    JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_opfamily', 'f.oid')}`);
