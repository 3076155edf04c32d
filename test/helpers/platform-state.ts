import type { PlatformCluster } from './platform.ts';

/**
 * Everything that makes up the platform on a server, a line for each thing: what is in its schemas, with owners and with the rights
 * of its roles; those roles; what stands in no schema; how far its own migrations are. Of the user's only what lies in its schemas.
 */
export async function listPlatformState(cluster: PlatformCluster): Promise<string[]> {
  const rows = await cluster.administrator.query<{ line: string }>(stateQuery);
  return rows.map(({ line }) => line);
}

/** What is in one and not in the other. */
export function compareStates(before: readonly string[], after: readonly string[]): { gone: string[]; come: string[] } {
  const [known, found] = [new Set(before), new Set(after)];
  return { gone: before.filter((line) => !found.has(line)), come: after.filter((line) => !known.has(line)) };
}

const reserved = `'^(anon|authenticated|authenticator|service_role|postgres|dashboard_user|pgbouncer|supabase_.*|pg_.*)$'`;

/** Who of the platform may do what: sorted, as the order in which rights were given means nothing. */
function rights(acl: string): string {
  return `(SELECT string_agg(concat_ws(' ', pg_get_userbyid(a.grantor), a.grantee::regrole, a.privilege_type, a.is_grantable), ', '
             ORDER BY pg_get_userbyid(a.grantor), a.grantee::regrole::text, a.privilege_type)
            FROM aclexplode(${acl}) a WHERE a.grantee = 0 OR pg_get_userbyid(a.grantee) ~ ${reserved})`;
}

const stateQuery = `
  SET search_path = '';
  SET extra_float_digits = 1;
  WITH schemas AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace
     WHERE nspname IN ('auth', 'storage', 'realtime', 'vault', 'supabase_functions', 'graphql_public', 'pgbouncer', 'extensions', 'cron')
  ), relations AS (
    SELECT c.*, n.nspname FROM pg_class c JOIN schemas n ON n.oid = c.relnamespace
  ), roles AS (
    SELECT * FROM pg_roles WHERE rolname ~ ${reserved}
  )
  SELECT format('schema %I of %s: %s', nspname, nspowner::regrole, ${rights('nspacl')}) AS line FROM schemas
  UNION ALL SELECT format('relation %s of %s (%s%s): %s', oid::regclass, relowner::regrole, relkind, relrowsecurity, ${rights('relacl')}) FROM relations
  UNION ALL SELECT format('column %s.%I %s %s: %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
    FROM relations c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  UNION ALL SELECT format('index %s', pg_get_indexdef(oid)) FROM relations WHERE relkind = 'i'
  UNION ALL SELECT format('constraint of %s %s', c.oid::regclass, pg_get_constraintdef(k.oid)) FROM relations c JOIN pg_constraint k ON k.conrelid = c.oid
  UNION ALL SELECT format('trigger %I on %s (%s) %s', t.tgname, c.oid::regclass, t.tgenabled, md5(pg_get_triggerdef(t.oid)))
    FROM relations c JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
  UNION ALL SELECT format('policy %I on %s', p.polname, c.oid::regclass) FROM relations c JOIN pg_policy p ON p.polrelid = c.oid
  UNION ALL SELECT format('function %s of %s %s: %s', p.oid::regprocedure, p.proowner::regrole, md5(p.prosrc), ${rights('proacl')})
    FROM pg_proc p JOIN schemas n ON n.oid = p.pronamespace
  UNION ALL SELECT format('type %s of %s', t.oid::regtype, t.typowner::regrole) FROM pg_type t JOIN schemas n ON n.oid = t.typnamespace
  UNION ALL SELECT format('schema public of %s: %s', nspowner::regrole, ${rights('nspacl')}) FROM pg_namespace WHERE nspname = 'public'
  UNION ALL SELECT format('event trigger %I (%s) %s', evtname, evtenabled, evtfoid::regprocedure) FROM pg_event_trigger WHERE evtowner::regrole::text <> 'postgres'
  UNION ALL SELECT format('extension %I %s in %s', extname, extversion, extnamespace::regnamespace) FROM pg_extension
  UNION ALL SELECT format('publication %I of %s', pubname, pubowner::regrole) FROM pg_publication WHERE pubname = 'supabase_realtime'
  UNION ALL SELECT format('role %s', to_jsonb(r) - 'oid') FROM roles r
  UNION ALL SELECT format('%s is in %s', m.member::regrole, m.roleid::regrole) FROM pg_auth_members m WHERE m.member IN (SELECT oid FROM roles) AND m.roleid IN (SELECT oid FROM roles)
  UNION ALL SELECT format('default privileges of %s in %s on %s: %s', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, ${rights('defaclacl')})
    FROM pg_default_acl WHERE pg_get_userbyid(defaclrole) ~ '^supabase_'
  UNION ALL SELECT format('settings %s', setconfig) FROM pg_db_role_setting WHERE setrole = 0
  UNION ALL SELECT format('row of auth.schema_migrations %s', m) FROM auth.schema_migrations m
  UNION ALL SELECT format('row of storage.migrations %s', m) FROM storage.migrations m
  UNION ALL SELECT format('row of realtime.schema_migrations %s', m) FROM realtime.schema_migrations m
  UNION ALL SELECT format('row of supabase_functions.migrations %s', m) FROM supabase_functions.migrations m
  UNION ALL SELECT format('row of vault.secrets %s', md5(m::text)) FROM vault.secrets m
  ORDER BY 1`;
