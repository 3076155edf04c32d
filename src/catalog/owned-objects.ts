import { classOf, firstUserOid, inUserSchema, joinExtension, unquoted } from './scope.ts';

interface Owned {
  readonly catalog: string;
  readonly owner: string;
  readonly namespace?: string;
  /** The column with the privileges, and the letter of acldefault() for what they are when it is null. */
  readonly acl?: string;
  readonly acltype?: string;
  readonly join?: string;
  readonly where?: string;
}

/** Types that are made with something else follow its owner; a composite type is its type here, as ALTER TYPE wants it. */
const typesOfTheirOwn = {
  join: `LEFT JOIN pg_catalog.pg_type b ON b.oid = o.typelem AND b.typarray = o.oid
    LEFT JOIN pg_catalog.pg_class c ON c.oid = o.typrelid`,
  where: `b.oid IS NULL AND (o.typtype IN ('b', 'd', 'e', 'p', 'r') OR c.relkind = 'c')`,
};

const owned: readonly Owned[] = [
  {
    catalog: 'pg_namespace',
    owner: 'nspowner',
    acl: 'nspacl',
    acltype: `'n'`,
    where: inUserSchema.replaceAll('n.nspname', 'o.nspname'),
  },
  {
    catalog: 'pg_class',
    owner: 'relowner',
    namespace: 'relnamespace',
    acl: 'relacl',
    acltype: `CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END`,
    where: `o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`,
  },
  { catalog: 'pg_proc', owner: 'proowner', namespace: 'pronamespace', acl: 'proacl', acltype: `'f'` },
  { catalog: 'pg_type', owner: 'typowner', namespace: 'typnamespace', acl: 'typacl', acltype: `'T'`, ...typesOfTheirOwn },
  { catalog: 'pg_foreign_data_wrapper', owner: 'fdwowner', acl: 'fdwacl', acltype: `'F'` },
  { catalog: 'pg_foreign_server', owner: 'srvowner', acl: 'srvacl', acltype: `'S'` },
  { catalog: 'pg_operator', owner: 'oprowner', namespace: 'oprnamespace', where: 'o.oprcode <> 0' },
  { catalog: 'pg_opclass', owner: 'opcowner', namespace: 'opcnamespace' },
  { catalog: 'pg_opfamily', owner: 'opfowner', namespace: 'opfnamespace' },
  { catalog: 'pg_collation', owner: 'collowner', namespace: 'collnamespace' },
  { catalog: 'pg_conversion', owner: 'conowner', namespace: 'connamespace' },
  { catalog: 'pg_ts_config', owner: 'cfgowner', namespace: 'cfgnamespace' },
  { catalog: 'pg_ts_dict', owner: 'dictowner', namespace: 'dictnamespace' },
  { catalog: 'pg_statistic_ext', owner: 'stxowner', namespace: 'stxnamespace' },
  { catalog: 'pg_language', owner: 'lanowner', where: `o.oid >= ${firstUserOid}` },
  { catalog: 'pg_event_trigger', owner: 'evtowner' },
  { catalog: 'pg_publication', owner: 'pubowner' },
  {
    catalog: 'pg_subscription',
    owner: 'subowner',
    where: 'o.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())',
  },
];

/**
 * Everything that has an owner, with what privileges there are on it (null: as they come by default) and, of a member of an
 * extension, that extension's name. Languages have more privileges than owners: those that came with the server, too.
 */
export const ownedObjects = owned.map(selectOwned).join('\n   UNION ALL');

function selectOwned({ catalog, owner, namespace, acl, acltype = 'NULL', join = '', where = 'true' }: Owned): string {
  const joinNamespace = namespace === undefined ? '' : `JOIN pg_catalog.pg_namespace n ON n.oid = o.${namespace}`;
  return `
  SELECT ${classOf(catalog)}::pg_catalog.oid AS classid, o.oid AS objid, o.${owner} AS owner, (${acl === undefined ? 'NULL' : `o.${acl}`})::pg_catalog.aclitem[] AS acl,
         (${acltype})::"char" AS acltype, x.extname AS extension
    FROM pg_catalog.${catalog} o
    ${joinNamespace}
    ${join}
    ${joinExtension(catalog, 'o.oid')}
   WHERE ${where} ${namespace === undefined ? '' : `AND ${inUserSchema}`}`;
}

/** A sequence that belongs to a column, or what was made along with something else: its owner cannot be told by itself. */
const followsAnother = `
  EXISTS (SELECT FROM pg_catalog.pg_depend d
           WHERE d.classid = o.classid AND d.objid = o.objid AND d.objsubid = 0
             AND (d.deptype = 'i' OR d.deptype = 'a' AND d.refobjsubid > 0
                                 AND d.classid = ${classOf('pg_class')} AND d.refclassid = ${classOf('pg_class')}))`;

/** class owner; of what is a member of no extension and has not the owner of something else. */
export const ownersQuery = `
  SELECT 'owner' AS class, i.type || ' ' || i.identity AS name,
         ${unquoted(`coalesce(i.schema, CASE WHEN i.type = 'schema' THEN i.name END)`)} AS schema,
         pg_catalog.json_build_object('type', i.type, 'identity', i.identity, 'owner', coalesce(r.rolname, o.owner::text)) AS value
    FROM (${ownedObjects}) o
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = o.owner
   CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) i
   WHERE o.extension IS NULL AND NOT ${followsAnother} AND i.identity IS NOT NULL`;
