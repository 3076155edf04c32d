import { identify, identityOf, object, ofNoExtension } from './scope.ts';

/** Not stripped of nulls: the schema of the record wants them. */
const publicationTables = `
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
            'table', t.identity,
            'columns', (SELECT pg_catalog.json_agg(pg_catalog.quote_ident(a.attname) ORDER BY a.attname COLLATE "C")
                          FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)),
            'filter', pg_catalog.pg_get_expr(r.prqual, r.prrelid)) ORDER BY t.identity COLLATE "C")
     FROM pg_catalog.pg_publication_rel r
    CROSS JOIN LATERAL pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, r.prrelid, 0) t
    WHERE r.prpubid = p.oid AND t.identity IS NOT NULL)`;

const publicationSchemas = `
  (SELECT pg_catalog.json_agg(n.nspname ORDER BY n.nspname COLLATE "C")
     FROM pg_catalog.pg_publication_namespace s
     JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid
    WHERE s.pnpubid = p.oid)`;

const operations = `pg_catalog.array_remove(ARRAY[
  CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
  CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END], NULL)`;

/** What came with 18 is told only where it is used, so that older servers compare equal. */
const generatedColumns = `
  CASE WHEN pg_catalog.to_jsonb(p) ->> 'pubgencols' = 's' THEN '{"generatedColumns": "stored"}' ELSE '{}' END`;

const publicationValue = `(pg_catalog.jsonb_build_object(
           'allTables', p.puballtables, 'operations', ${operations}, 'viaRoot', p.pubviaroot,
           'tables', coalesce(${publicationTables}, '[]'), 'schemas', coalesce(${publicationSchemas}, '[]'))
         || (${generatedColumns})::pg_catalog.jsonb)::pg_catalog.json`;

const eventTriggerValue = `pg_catalog.json_build_object(
           'event', t.evtevent, 'function', ${identityOf('pg_proc', 't.evtfoid')},
           'tags', coalesce((SELECT pg_catalog.array_agg(tag ORDER BY tag COLLATE "C") FROM pg_catalog.unnest(t.evttags) tag), '{}'),
           'enabled', t.evtenabled)`;

/**
 * classes extension, event trigger, publication and subscription. Of subscriptions only the names: how to connect is a secret,
 * and nobody wants two databases that both subscribe.
 */
export const replicationQuery = identify(`
  SELECT NULL AS class, x.tableoid AS classid, x.oid AS objid, NULL AS schema,
         ${object({ version: 'x.extversion', schema: 'n.nspname' })} AS value
    FROM pg_catalog.pg_extension x
    JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace
   UNION ALL
  SELECT NULL, t.tableoid, t.oid, NULL, ${eventTriggerValue}
    FROM pg_catalog.pg_event_trigger t
   WHERE ${ofNoExtension('pg_event_trigger', 't.oid')}
   UNION ALL
  SELECT NULL, p.tableoid, p.oid, NULL, ${publicationValue}
    FROM pg_catalog.pg_publication p
   WHERE ${ofNoExtension('pg_publication', 'p.oid')}
   UNION ALL
  SELECT NULL, 'pg_catalog.pg_subscription'::pg_catalog.regclass, s.oid, NULL, '{}'::pg_catalog.json
    FROM pg_catalog.pg_subscription s
   WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`);
