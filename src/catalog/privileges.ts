import { ownedObjects } from './owned-objects.ts';
import { classOf, inUserSchema, joinExtension, object, unquoted } from './scope.ts';
import { systemPrivileges } from './system-privileges.ts';

/**
 * The grants of a set of privileges, sorted. The sets are few, and the objects that share one are many: so each is looked at
 * once. Needs a WITH item `acls (acl)`. A role that is no more is told by its id.
 */
const grantSets = `
  SELECT g.acl, pg_catalog.json_agg(pg_catalog.json_build_object('grantor', g.grantor, 'grantee', g.grantee,
                    'privilege', g.privilege, 'grantable', g.grantable)
                  ORDER BY g.grantee COLLATE "C" NULLS FIRST, g.privilege COLLATE "C", g.grantor COLLATE "C", g.grantable) AS grants
    FROM (SELECT a.acl, coalesce(r.rolname, x.grantor::text) AS grantor, x.privilege_type AS privilege,
                 CASE WHEN x.grantee <> 0 THEN coalesce(e.rolname, x.grantee::text) END AS grantee, x.is_grantable AS grantable
            FROM (SELECT DISTINCT acl::text AS acl, acl AS items FROM acls) a
           CROSS JOIN LATERAL pg_catalog.aclexplode(a.items) x
            LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.grantor
            LEFT JOIN pg_catalog.pg_roles e ON e.oid = x.grantee) g
   GROUP BY g.acl`;

/** The grants keep their nulls, which stand for PUBLIC. */
const privilegesValue = `${object({
  type: 'i.type',
  identity: 'i.identity',
  column: 'a."column"',
  extension: 'a.extension',
})}::pg_catalog.jsonb || pg_catalog.jsonb_build_object('grants', coalesce(s.grants, '[]'))`;

/**
 * class privileges. An extension's members are here too, with `extension` in the value: what was granted on them or revoked is
 * not the extension's.
 */
export const privilegesQuery = `
  WITH acls AS MATERIALIZED (
    SELECT o.classid, o.objid, NULL AS "column", o.extension, coalesce(o.acl, pg_catalog.acldefault(o.acltype, o.owner)) AS acl
      FROM (${ownedObjects}) o
     WHERE o.acltype IS NOT NULL
     UNION ALL
    SELECT c.tableoid, c.oid, pg_catalog.quote_ident(t.attname), x.extname, t.attacl
      FROM pg_catalog.pg_attribute t
      JOIN pg_catalog.pg_class c ON c.oid = t.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      ${joinExtension('pg_class', 'c.oid')}
     WHERE t.attacl IS NOT NULL AND t.attnum > 0 AND NOT t.attisdropped AND ${inUserSchema}
     UNION ALL
    SELECT d.tableoid, d.oid, NULL, NULL, coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))
      FROM pg_catalog.pg_database d
     WHERE d.datname = pg_catalog.current_database()
     UNION ALL
    SELECT p.tableoid, p.oid, NULL, NULL, p.paracl
      FROM pg_catalog.pg_parameter_acl p
     UNION ALL
    SELECT l.tableoid, l.oid, NULL, NULL, coalesce(l.lanacl, pg_catalog.acldefault('l', l.lanowner))
      FROM pg_catalog.pg_language l
     UNION ALL
    ${systemPrivileges}
  ), sets AS (${grantSets})
  SELECT 'privileges' AS class,
         CASE WHEN a."column" IS NULL THEN i.type || ' ' || i.identity ELSE 'table column ' || i.identity || '.' || a."column" END AS name,
         ${unquoted(`coalesce(i.schema, CASE WHEN i.type = 'schema' THEN i.name END)`)} AS schema,
         (${privilegesValue})::pg_catalog.json AS value
    FROM acls a
    LEFT JOIN sets s ON s.acl = a.acl::text
   CROSS JOIN LATERAL (
     SELECT CASE a.classid WHEN ${classOf('pg_database')} THEN 'database'
                           WHEN ${classOf('pg_parameter_acl')} THEN 'parameter' ELSE o.type END AS type,
            CASE a.classid WHEN ${classOf('pg_database')} THEN 'current database' ELSE o.identity END AS identity,
            o.schema, o.name
       FROM pg_catalog.pg_identify_object(a.classid, a.objid, 0) o) i
   WHERE i.identity IS NOT NULL`;

/** class default privileges. Without a schema the set stands in the place of what PostgreSQL grants; with one it is added. */
export const defaultPrivilegesQuery = `
  WITH acls AS (SELECT d.defaclacl AS acl FROM pg_catalog.pg_default_acl d), sets AS (${grantSets})
  SELECT 'default privileges' AS class,
         'role ' || pg_catalog.quote_ident(r.rolname) || coalesce(' in schema ' || pg_catalog.quote_ident(n.nspname), '')
           || ' on ' || k.objects AS name,
         n.nspname AS schema,
         pg_catalog.json_build_object('role', r.rolname, 'schema', n.nspname, 'objects', k.objects,
                                      'grants', coalesce(s.grants, '[]')) AS value
    FROM pg_catalog.pg_default_acl d
    JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole
    JOIN (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES'), ('f', 'FUNCTIONS'), ('T', 'TYPES'), ('n', 'SCHEMAS'), ('L', 'LARGE OBJECTS'))
           AS k (letter, objects) ON k.letter::"char" = d.defaclobjtype
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
    LEFT JOIN sets s ON s.acl = d.defaclacl::text`;

/** class large objects; there can be millions, so they are grouped before anything else is done. */
export const largeObjectsQuery = `
  WITH acls AS MATERIALIZED (
    SELECT l.lomowner AS owner, coalesce(l.lomacl, pg_catalog.acldefault('L', l.lomowner)) AS acl,
           pg_catalog.array_agg(l.oid) AS oids
      FROM pg_catalog.pg_largeobject_metadata l
     GROUP BY l.lomowner, l.lomacl
  ), sets AS (${grantSets}),
  merged AS (
    SELECT coalesce(r.rolname, a.owner::text) AS owner, coalesce(s.grants, '[]')::text AS grants, o.oid
      FROM acls a
     CROSS JOIN LATERAL pg_catalog.unnest(a.oids) o (oid)
      LEFT JOIN sets s ON s.acl = a.acl::text
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.owner)
  SELECT 'large objects' AS class, 'owner ' || pg_catalog.quote_ident(m.owner) || ', grants ' || pg_catalog.md5(m.grants) AS name,
         NULL AS schema,
         pg_catalog.json_build_object('owner', m.owner, 'grants', m.grants::pg_catalog.json,
                                      'oids', pg_catalog.string_agg(m.oid::text, ' ' ORDER BY m.oid)) AS value
    FROM merged m
   GROUP BY m.owner, m.grants`;
