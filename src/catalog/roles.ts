const validUntil = `CASE WHEN pg_catalog.isfinite(r.rolvaliduntil)
                         THEN pg_catalog.to_char(r.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END`;

/** class role: all of the server but PostgreSQL's own. Passwords are never asked for. */
export const rolesQuery = `
  SELECT 'role' AS class, pg_catalog.quote_ident(r.rolname) AS name, NULL AS schema,
         pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
           'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createRole', r.rolcreaterole, 'createDatabase', r.rolcreatedb,
           'login', r.rolcanlogin, 'replication', r.rolreplication, 'bypassRowSecurity', r.rolbypassrls,
           'connectionLimit', r.rolconnlimit, 'validUntil', ${validUntil})) AS value
    FROM pg_catalog.pg_roles r
   WHERE r.rolname !~ '^pg_'`;

/**
 * class membership. From 16 on a role may be granted to the same member by several others; what one of them gives counts. The
 * options of 16 are read through JSON, where a server that lacks them answers null.
 */
export const membershipsQuery = `
  SELECT 'membership' AS class, pg_catalog.quote_ident(g.member) || ' in ' || pg_catalog.quote_ident(g.role) AS name, NULL AS schema,
         pg_catalog.to_json(g) AS value
    FROM (SELECT a.rolname AS role, r.rolname AS member, pg_catalog.bool_or(m.admin_option) AS "adminOption",
                 pg_catalog.bool_or((pg_catalog.to_jsonb(m) ->> 'inherit_option')::boolean) AS "inheritOption",
                 pg_catalog.bool_or((pg_catalog.to_jsonb(m) ->> 'set_option')::boolean) AS "setOption"
            FROM pg_catalog.pg_auth_members m
            JOIN pg_catalog.pg_roles a ON a.oid = m.roleid
            JOIN pg_catalog.pg_roles r ON r.oid = m.member
           WHERE r.rolname !~ '^pg_'
           GROUP BY a.rolname, r.rolname) g`;

/** class setting: of this database, of roles, and of roles in this database. The name of a setting has no "=" in it. */
export const settingsQuery = `
  SELECT 'setting' AS class,
         CASE WHEN s.setrole = 0 THEN 'all roles' ELSE 'role ' || pg_catalog.quote_ident(r.rolname) END
           || CASE WHEN s.setdatabase <> 0 THEN ' in this database' ELSE '' END
           || ': ' || pg_catalog.split_part(setting, '=', 1) AS name,
         NULL AS schema,
         pg_catalog.json_build_object('role', r.rolname, 'inDatabase', s.setdatabase <> 0, 'setting', setting) AS value
    FROM pg_catalog.pg_db_role_setting s
   CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) setting
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
   WHERE (s.setrole = 0 OR r.rolname IS NOT NULL)
     AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))`;
