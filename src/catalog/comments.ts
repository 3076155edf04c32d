import { classOf, firstUserOid, unquoted } from './scope.ts';

/**
 * What the text of a comment or label is about, from (classid, objid, objsubid): `type`, `identity`, `schema`. All columns are
 * "table column", also those of views. A trigger, rule or policy has the schema of its table, which only its address tells.
 */
const described = `
   CROSS JOIN LATERAL (
     SELECT CASE WHEN d.objsubid <> 0 THEN 'table column' ELSE o.type END AS type, o.identity,
            CASE WHEN o.type IN ('trigger', 'rule', 'policy')
                 THEN (pg_catalog.pg_identify_object_as_address(d.classid, d.objid, 0)).object_names[1]
                 ELSE ${unquoted(`coalesce(o.schema, CASE WHEN o.type = 'schema' THEN o.name END)`)} END AS schema
       FROM pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) o) i`;

/** An object that initdb has made is PostgreSQL's own, but for the schema public. */
const ofUsers = `i.identity IS NOT NULL
     AND (i.schema IS NULL OR i.schema !~ '^pg_' AND i.schema <> 'information_schema')
     AND (d.objid >= ${firstUserOid} OR d.classid = ${classOf('pg_namespace')})`;

/** Of roles; shared catalogs know no other thing that a database has for its own. */
function rolesOf(catalog: string, columns: string): string {
  return `SELECT d.classoid AS classid, d.objoid AS objid, 0 AS objsubid, ${columns}
            FROM pg_catalog.${catalog} d
            JOIN pg_catalog.pg_roles r ON r.oid = d.objoid
           WHERE d.classoid = ${classOf('pg_authid')} AND r.rolname !~ '^pg_'`;
}

function objectsOf(catalog: string, columns: string): string {
  return `SELECT d.classoid AS classid, d.objoid AS objid, d.objsubid, ${columns}
            FROM pg_catalog.${catalog} d
           WHERE (d.objoid >= ${firstUserOid} OR d.classoid = ${classOf('pg_namespace')})
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                              WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.objsubid = 0 AND e.deptype = 'e')`;
}

/** class comment: not of members of extensions, which come with their comments; on an extension itself, yes. */
export const commentsQuery = `
  SELECT 'comment' AS class, i.type || ' ' || i.identity AS name, i.schema,
         pg_catalog.json_build_object('type', i.type, 'identity', i.identity, 'text', d.description) AS value
    FROM (${objectsOf('pg_description', 'd.description')}
          UNION ALL ${rolesOf('pg_shdescription', 'd.description')}) d
   ${described}
   WHERE ${ofUsers} OR d.classid = ${classOf('pg_authid')}`;

export const securityLabelsQuery = `
  SELECT 'security label' AS class, d.provider || ': ' || i.type || ' ' || i.identity AS name, i.schema,
         pg_catalog.json_build_object('type', i.type, 'identity', i.identity, 'provider', d.provider, 'label', d.label) AS value
    FROM (${objectsOf('pg_seclabel', 'd.provider, d.label')}
          UNION ALL ${rolesOf('pg_shseclabel', 'd.provider, d.label')}) d
   ${described}
   WHERE ${ofUsers} OR d.classid = ${classOf('pg_authid')}`;

/** class extension dependency: ALTER ... DEPENDS ON EXTENSION, which drops the object with the extension. */
export const extensionDependenciesQuery = `
  SELECT 'extension dependency' AS class, i.type || ' ' || i.identity || ' on ' || pg_catalog.quote_ident(x.extname) AS name, i.schema,
         pg_catalog.json_build_object('type', i.type, 'identity', i.identity, 'extension', x.extname) AS value
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid AND d.refclassid = ${classOf('pg_extension')}
   ${described}
   WHERE d.deptype = 'x' AND ${ofUsers}`;
