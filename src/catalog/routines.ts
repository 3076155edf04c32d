import {
  decode,
  firstUserOid,
  identify,
  identityOf,
  inUserSchema,
  notMadeAlong,
  object,
  ofNoExtension,
  routine,
} from './scope.ts';

const modifies = { r: 'read only', s: 'shareable', w: 'read write' };

const aggregateValue = object({
  arguments: 'pg_catalog.pg_get_function_arguments(p.oid)',
  result: 'pg_catalog.pg_get_function_result(p.oid)',
  kind: decode('a.aggkind', { n: 'normal', o: 'ordered-set', h: 'hypothetical-set' }),
  directArguments: 'NULLIF(a.aggnumdirectargs, 0)',
  transition: routine('a.aggtransfn'),
  transitionType: 'pg_catalog.format_type(a.aggtranstype, NULL)',
  transitionSpace: 'NULLIF(a.aggtransspace, 0)',
  initial: 'a.agginitval',
  final: routine('a.aggfinalfn'),
  finalExtra: 'a.aggfinalextra',
  finalModifies: decode('a.aggfinalmodify', modifies),
  combine: routine('a.aggcombinefn'),
  serialize: routine('a.aggserialfn'),
  deserialize: routine('a.aggdeserialfn'),
  movingTransition: routine('a.aggmtransfn'),
  movingInverse: routine('a.aggminvtransfn'),
  movingType: 'CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, NULL) END',
  movingSpace: 'NULLIF(a.aggmtransspace, 0)',
  movingInitial: 'a.aggminitval',
  movingFinal: routine('a.aggmfinalfn'),
  movingFinalExtra: 'a.aggmfinalextra',
  movingFinalModifies: decode('a.aggmfinalmodify', modifies),
  sortOperator: `CASE WHEN a.aggsortop <> 0 THEN ${identityOf('pg_operator', 'a.aggsortop')} END`,
  parallel: 'p.proparallel',
});

/** classes function, procedure and aggregate. */
export const routinesQuery = identify(`
  SELECT NULL AS class, p.tableoid AS classid, p.oid AS objid, n.nspname AS schema,
         CASE WHEN a.aggfnoid IS NULL THEN ${object({ definition: 'pg_catalog.pg_get_functiondef(p.oid)' })}
              ELSE ${aggregateValue} END AS value
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_proc', 'p.oid')} AND ${notMadeAlong('pg_proc', 'p.oid')}`);

const castValue = object({
  function: routine('c.castfunc'),
  context: decode('c.castcontext', { e: 'explicit', a: 'assignment', i: 'implicit' }),
  method: decode('c.castmethod', { f: 'function', i: 'inout', b: 'binary' }),
});

const languageValue = object({
  trusted: 'l.lanpltrusted',
  handler: routine('l.lanplcallfoid'),
  inline: routine('l.laninline'),
  validator: routine('l.lanvalidator'),
});

/** classes cast, language and access method: those that belong to no schema, and not to the server either. */
export const castsQuery = identify(`
  SELECT NULL AS class, c.tableoid AS classid, c.oid AS objid, NULL AS schema, ${castValue} AS value
    FROM pg_catalog.pg_cast c
   WHERE c.oid >= ${firstUserOid} AND ${ofNoExtension('pg_cast', 'c.oid')} AND ${notMadeAlong('pg_cast', 'c.oid')}
   UNION ALL
  SELECT NULL, l.tableoid, l.oid, NULL, ${languageValue}
    FROM pg_catalog.pg_language l
   WHERE l.oid >= ${firstUserOid} AND ${ofNoExtension('pg_language', 'l.oid')}
   UNION ALL
  SELECT NULL, m.tableoid, m.oid, NULL,
         ${object({ handler: routine('m.amhandler'), type: decode('m.amtype', { i: 'index', t: 'table' }) })}
    FROM pg_catalog.pg_am m
   WHERE m.oid >= ${firstUserOid} AND ${ofNoExtension('pg_am', 'm.oid')}`);

/** class transform. Before 17 its identity has an "on" that later ones lack; here it is the same everywhere. */
export const transformsQuery = `
  SELECT o.class, pg_catalog.replace(o.name, ' on language ', ' language ') AS name, o.schema, o.value
    FROM (${identify(`
  SELECT NULL AS class, t.tableoid AS classid, t.oid AS objid, NULL AS schema,
         ${object({ fromSql: routine('t.trffromsql'), toSql: routine('t.trftosql') })} AS value
    FROM pg_catalog.pg_transform t
   WHERE ${ofNoExtension('pg_transform', 't.oid')}`)}) o`;
