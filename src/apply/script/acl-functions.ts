import { warnOfSkipped } from '../../domain/tolerant.ts';

/**
 * Functions of the restoring session (they vanish with it) that make rights what they were. Only the server knows what an object's
 * rights are once its defaults have come to bear, so the difference is found there.
 */
export const aclFunctions: readonly string[] = [
  `CREATE FUNCTION pg_temp.agent_acl(type text, identity text, column_name text, OUT owner oid, OUT acl aclitem[])
LANGUAGE plpgsql AS $function$
BEGIN
  IF column_name IS NOT NULL THEN
    SELECT c.relowner, a.attacl INTO owner, acl FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
     WHERE c.oid = pg_catalog.to_regclass(identity) AND pg_catalog.quote_ident(a.attname) = column_name;
  ELSIF type IN ('function', 'procedure', 'aggregate') THEN
    BEGIN
      SELECT proowner, coalesce(proacl, pg_catalog.acldefault('f', proowner)) INTO owner, acl
        FROM pg_catalog.pg_proc WHERE oid = pg_catalog.to_regprocedure(identity);
    EXCEPTION WHEN undefined_object OR invalid_schema_name THEN
      NULL; -- before 16 a type among its arguments that was not restored is an error
    END;
  ELSIF type = 'schema' THEN
    SELECT nspowner, coalesce(nspacl, pg_catalog.acldefault('n', nspowner)) INTO owner, acl
      FROM pg_catalog.pg_namespace WHERE oid = pg_catalog.to_regnamespace(identity);
  ELSIF type IN ('type', 'domain', 'composite type') THEN
    BEGIN
      SELECT typowner, coalesce(typacl, pg_catalog.acldefault('T', typowner)) INTO owner, acl
        FROM pg_catalog.pg_type WHERE oid = pg_catalog.to_regtype(identity);
    EXCEPTION WHEN undefined_object OR invalid_schema_name THEN
      NULL; -- a mere shell, which cannot be named and has no rights to speak of
    END;
  ELSIF type = 'language' THEN
    SELECT lanowner, coalesce(lanacl, pg_catalog.acldefault('l', lanowner)) INTO owner, acl
      FROM pg_catalog.pg_language WHERE pg_catalog.quote_ident(lanname) = identity;
  ELSIF type = 'foreign-data wrapper' THEN
    SELECT fdwowner, coalesce(fdwacl, pg_catalog.acldefault('F', fdwowner)) INTO owner, acl
      FROM pg_catalog.pg_foreign_data_wrapper WHERE pg_catalog.quote_ident(fdwname) = identity;
  ELSIF type IN ('server', 'foreign server') THEN
    SELECT srvowner, coalesce(srvacl, pg_catalog.acldefault('S', srvowner)) INTO owner, acl
      FROM pg_catalog.pg_foreign_server WHERE pg_catalog.quote_ident(srvname) = identity;
  ELSIF type = 'database' THEN
    SELECT datdba, coalesce(datacl, pg_catalog.acldefault('d', datdba)) INTO owner, acl
      FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database();
  ELSIF type = 'large object' THEN
    SELECT lomowner, coalesce(lomacl, pg_catalog.acldefault('L', lomowner)) INTO owner, acl
      FROM pg_catalog.pg_largeobject_metadata WHERE oid = identity::oid;
  ELSIF type = 'parameter' THEN
    owner := 10; -- the superuser that initdb made
    acl := coalesce((SELECT paracl FROM pg_catalog.pg_parameter_acl WHERE parname = identity), pg_catalog.acldefault('p', owner));
  ELSE
    SELECT relowner, coalesce(relacl, pg_catalog.acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
      INTO owner, acl FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(identity);
  END IF;
END
$function$;`,

  // Expects null for no rights at all (aclexplode refuses an empty array). What has to be revoked, and what can be granted now: by the owner, or by who holds the grant option already.
  `CREATE FUNCTION pg_temp.agent_differences(acl aclitem[], owner name, wanted jsonb, of_column boolean)
RETURNS TABLE (revoking boolean, option boolean, grantor name, grantee name, privileges text[]) LANGUAGE sql AS $function$
  WITH found AS (
    SELECT pg_catalog.pg_get_userbyid(a.grantor) AS grantor,
           CASE a.grantee WHEN 0 THEN NULL ELSE pg_catalog.pg_get_userbyid(a.grantee) END AS grantee,
           a.privilege_type AS privilege, a.is_grantable AS grantable
      FROM pg_catalog.aclexplode(acl) a
  ), shall AS (
    SELECT * FROM pg_catalog.jsonb_to_recordset(wanted) AS w(grantor name, grantee name, privilege text, grantable boolean)
  ), paired AS (
    SELECT coalesce(f.grantor, s.grantor) AS grantor, coalesce(f.grantee, s.grantee) AS grantee, coalesce(f.privilege, s.privilege) AS privilege,
           f.grantor IS NOT NULL AS found, s.grantor IS NOT NULL AS shall, coalesce(f.grantable, false) AS found_option, coalesce(s.grantable, false) AS shall_option
      FROM found f FULL JOIN shall s
        ON pg_catalog.jsonb_build_array(f.grantor, f.grantee, f.privilege) = pg_catalog.jsonb_build_array(s.grantor, s.grantee, s.privilege)
  ), changes AS (
    SELECT true AS revoking, shall AS option, grantor, grantee, privilege FROM paired
     WHERE found AND (NOT shall OR (found_option AND NOT shall_option))
    UNION ALL
    SELECT false, shall_option, grantor, grantee, privilege FROM paired p
     WHERE shall AND (NOT found OR (shall_option AND NOT found_option))
       -- The grant option of a column can be that of its table.
       AND (p.grantor = owner OR of_column OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = p.grantor) OR EXISTS (SELECT FROM found f WHERE f.grantee = p.grantor AND f.privilege = p.privilege AND f.grantable))
  )
  SELECT revoking, option, grantor, grantee, pg_catalog.array_agg(privilege ORDER BY privilege)
    FROM changes
   GROUP BY revoking, option, grantor, grantee
   ORDER BY revoking DESC, grantor <> owner, grantee IS DISTINCT FROM owner, grantee NULLS FIRST, option
$function$;`,

  // A failure takes the SET LOCAL ROLE back with it. Of a role that is a member of several the server chooses itself in whose name it grants
  // (select_best_grantor in utils/adt/acl.c), which need not be the owner's.
  `CREATE FUNCTION pg_temp.agent_as(grantor name, owner name, what text, statement text) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
  IF grantor = owner AND owner <> session_user AND (SELECT NOT rolsuper AND pg_catalog.pg_has_role(owner, 'MEMBER') FROM pg_catalog.pg_roles WHERE rolname = session_user) THEN
    BEGIN
      EXECUTE pg_catalog.format('SET LOCAL ROLE %I', owner);
      EXECUTE statement;
      RESET ROLE;
      RETURN;
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END IF;
  IF grantor <> owner THEN EXECUTE pg_catalog.format('SET LOCAL ROLE %I', grantor); END IF;
  EXECUTE statement;
  IF grantor <> owner THEN RESET ROLE; END IF;
EXCEPTION WHEN OTHERS THEN
  ${warnOfSkipped('what', "SQLERRM || ': ' || statement")}
END
$function$;`,

  `CREATE FUNCTION pg_temp.agent_reconcile(item jsonb) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
  kind text := item ->> 'type';
  identity text := item ->> 'identity';
  column_name text := item ->> 'column';
  what text := 'privileges of ' || kind || ' ' || identity || coalesce('.' || (item ->> 'column'), '');
  object text := CASE kind
    WHEN 'sequence' THEN 'SEQUENCE ' WHEN 'schema' THEN 'SCHEMA ' WHEN 'language' THEN 'LANGUAGE ' WHEN 'parameter' THEN 'PARAMETER '
    WHEN 'foreign-data wrapper' THEN 'FOREIGN DATA WRAPPER ' WHEN 'server' THEN 'FOREIGN SERVER ' WHEN 'foreign server' THEN 'FOREIGN SERVER '
    WHEN 'database' THEN 'DATABASE ' WHEN 'large object' THEN 'LARGE OBJECT '
    WHEN 'function' THEN 'ROUTINE ' WHEN 'procedure' THEN 'ROUTINE ' WHEN 'aggregate' THEN 'ROUTINE '
    WHEN 'type' THEN 'TYPE ' WHEN 'domain' THEN 'TYPE ' WHEN 'composite type' THEN 'TYPE ' ELSE 'TABLE ' END;
  found record;
  owner_name name;
  wanted jsonb;
  step record;
  before aclitem[];
BEGIN
  object := object || CASE kind WHEN 'database' THEN pg_catalog.quote_ident(pg_catalog.current_database()) ELSE identity END;
  found := pg_temp.agent_acl(kind, identity, column_name);
  -- Not restored, and named as such already.
  IF found.owner IS NULL THEN RETURN; END IF;
  owner_name := pg_catalog.pg_get_userbyid(found.owner);
  -- Where the owner could not be restored, its own rights are those of the owner that there is.
  SELECT pg_catalog.jsonb_agg(g || pg_catalog.jsonb_build_object(
           'grantor', CASE g ->> 'grantor' WHEN item ->> 'owner' THEN owner_name ELSE g ->> 'grantor' END,
           'grantee', CASE g ->> 'grantee' WHEN item ->> 'owner' THEN owner_name ELSE g ->> 'grantee' END))
    INTO wanted FROM pg_catalog.jsonb_array_elements(item -> 'grants') g
   -- The owner that there is has all rights anyway, also where it was just anybody on the source.
   WHERE g ->> 'grantee' IS DISTINCT FROM owner_name::text OR owner_name::text IS NOT DISTINCT FROM item ->> 'owner';
  wanted := coalesce(wanted, '[]');
  IF item ->> 'owner' IS NULL THEN
    -- Whose it was is not known: the owner that there is keeps what it has.
    wanted := wanted || coalesce((
      SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('grantor', pg_catalog.pg_get_userbyid(a.grantor), 'grantee', owner_name,
               'privilege', a.privilege_type, 'grantable', a.is_grantable))
        FROM pg_catalog.aclexplode(found.acl) a WHERE a.grantee = found.owner), '[]');
  END IF;
  FOR round IN 0..9 LOOP
    FOR step IN SELECT * FROM pg_temp.agent_differences(found.acl, owner_name, wanted, column_name IS NOT NULL) d WHERE d.revoking = (round = 0) LOOP
      PERFORM pg_temp.agent_as(step.grantor, owner_name, what, pg_catalog.format(
        CASE WHEN step.revoking THEN 'REVOKE %s%s ON %s FROM %s CASCADE' ELSE 'GRANT %s%s ON %s TO %s%s' END,
        CASE WHEN step.revoking AND step.option THEN 'GRANT OPTION FOR ' END,
        (SELECT pg_catalog.string_agg(p || coalesce(' (' || column_name || ')', ''), ', ') FROM pg_catalog.unnest(step.privileges) p),
        object, coalesce(pg_catalog.quote_ident(step.grantee), 'PUBLIC'),
        CASE WHEN step.option AND NOT step.revoking THEN ' WITH GRANT OPTION' END));
    END LOOP;
    before := found.acl;
    found := pg_temp.agent_acl(kind, identity, column_name);
    EXIT WHEN round > 0 AND before IS NOT DISTINCT FROM found.acl;
  END LOOP;
END
$function$;`,

  // Of a schema the catalog keeps only what is added to the defaults; for the whole database all of it.
  `CREATE FUNCTION pg_temp.agent_reconcile_defaults(item jsonb) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
  role_name name := item ->> 'role';
  schema_name name := item ->> 'schema';
  objects text := item ->> 'objects';
  role_id oid := (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = item ->> 'role');
  code "char" := CASE item ->> 'objects' WHEN 'TABLES' THEN 'r' WHEN 'SEQUENCES' THEN 'S' WHEN 'FUNCTIONS' THEN 'f' WHEN 'TYPES' THEN 'T'
    WHEN 'SCHEMAS' THEN 'n' ELSE 'L' END;
  wanted jsonb := item -> 'grants';
  acl aclitem[];
  before aclitem[];
  step record;
BEGIN
  IF pg_catalog.jsonb_typeof(wanted) <> 'array' THEN
    SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('grantor', role_name, 'privilege', a.privilege_type, 'grantable', false,
             'grantee', CASE a.grantee WHEN 0 THEN NULL ELSE role_name END)), '[]')
      INTO wanted FROM pg_catalog.aclexplode(pg_catalog.acldefault(CASE code WHEN 'S' THEN 's' ELSE code END, role_id)) a
     WHERE schema_name IS NULL;
  END IF;
  FOR round IN 0..9 LOOP
    before := acl;
    SELECT coalesce((SELECT d.defaclacl FROM pg_catalog.pg_default_acl d
                      WHERE d.defaclrole = role_id AND d.defaclobjtype = code
                        AND d.defaclnamespace = coalesce((SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = schema_name), 0)),
                    CASE WHEN schema_name IS NULL THEN pg_catalog.acldefault(CASE code WHEN 'S' THEN 's' ELSE code END, role_id) END)
      INTO acl;
    EXIT WHEN round > 1 AND before IS NOT DISTINCT FROM acl;
    FOR step IN SELECT * FROM pg_temp.agent_differences(acl, role_name, wanted, false) d WHERE d.revoking = (round = 0) LOOP
      PERFORM pg_temp.agent_as(role_name, role_name, 'default privileges of ' || role_name, pg_catalog.format(
        CASE WHEN step.revoking THEN 'ALTER DEFAULT PRIVILEGES FOR ROLE %I %s REVOKE %s%s ON %s FROM %s CASCADE'
             ELSE 'ALTER DEFAULT PRIVILEGES FOR ROLE %I %s GRANT %s%s ON %s TO %s%s' END,
        role_name, 'IN SCHEMA ' || pg_catalog.quote_ident(schema_name),
        CASE WHEN step.revoking AND step.option THEN 'GRANT OPTION FOR ' END,
        pg_catalog.array_to_string(step.privileges, ', '), objects, coalesce(pg_catalog.quote_ident(step.grantee), 'PUBLIC'),
        CASE WHEN step.option AND NOT step.revoking THEN ' WITH GRANT OPTION' END));
    END LOOP;
  END LOOP;
END
$function$;`,
];
