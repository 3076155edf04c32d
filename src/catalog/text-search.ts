import { identify, identityOf, inUserSchema, object, ofNoExtension, routine } from './scope.ts';

const mappings = `
  (SELECT pg_catalog.json_object_agg(k.alias, k.dictionaries ORDER BY k.alias COLLATE "C")
     FROM (SELECT token.alias, pg_catalog.json_agg(${identityOf('pg_ts_dict', 'm.mapdict')} ORDER BY m.mapseqno) AS dictionaries
             FROM pg_catalog.pg_ts_config_map m
             JOIN pg_catalog.ts_token_type(c.cfgparser) token ON token.tokid = m.maptokentype
            WHERE m.mapcfg = c.oid
            GROUP BY token.alias) k)`;

const parserValue = object({
  start: routine('p.prsstart'),
  token: routine('p.prstoken'),
  end: routine('p.prsend'),
  headline: routine('p.prsheadline'),
  tokenTypes: routine('p.prslextype'),
});

const statisticsValue = object({
  definition: 'pg_catalog.pg_get_statisticsobjdef(s.oid)',
  // The default is -1 before 17 and null from then on.
  target: 'NULLIF(s.stxstattarget, -1)',
});

/** The classes of full text search, and statistics objects. */
export const textSearchQuery = identify(`
  SELECT NULL AS class, c.tableoid AS classid, c.oid AS objid, n.nspname AS schema,
         ${object({ parser: identityOf('pg_ts_parser', 'c.cfgparser'), mappings })} AS value
    FROM pg_catalog.pg_ts_config c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_ts_config', 'c.oid')}
   UNION ALL
  SELECT NULL, d.tableoid, d.oid, n.nspname,
         ${object({ template: identityOf('pg_ts_template', 'd.dicttemplate'), options: 'd.dictinitoption' })}
    FROM pg_catalog.pg_ts_dict d
    JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_ts_dict', 'd.oid')}
   UNION ALL
  SELECT NULL, p.tableoid, p.oid, n.nspname, ${parserValue}
    FROM pg_catalog.pg_ts_parser p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_ts_parser', 'p.oid')}
   UNION ALL
  SELECT NULL, t.tableoid, t.oid, n.nspname, ${object({ init: routine('t.tmplinit'), lexize: routine('t.tmpllexize') })}
    FROM pg_catalog.pg_ts_template t
    JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_ts_template', 't.oid')}
   UNION ALL
  SELECT NULL, s.tableoid, s.oid, n.nspname, ${statisticsValue}
    FROM pg_catalog.pg_statistic_ext s
    JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_statistic_ext', 's.oid')}`);
