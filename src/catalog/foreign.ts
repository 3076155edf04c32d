import { classOf, foreignOptions, identify, object, ofNoExtension, routine } from './scope.ts';

const wrapperValue = object({
  handler: routine('w.fdwhandler'),
  validator: routine('w.fdwvalidator'),
  options: foreignOptions('w.fdwoptions'),
});

const serverValue = object({
  wrapper: 'w.fdwname',
  type: 's.srvtype',
  version: 's.srvversion',
  options: foreignOptions('s.srvoptions'),
});

/** The names alone: the values are passwords. Left out where the role may not even see that there are some. */
const mappingValue = object({
  options: `(SELECT pg_catalog.json_agg(pg_catalog.split_part(option, '=', 1)
                      ORDER BY pg_catalog.split_part(option, '=', 1) COLLATE "C") FROM pg_catalog.unnest(m.umoptions) option)`,
});

/** classes foreign-data wrapper, foreign server and user mapping; the last through the view that everybody may read. */
export const foreignQuery = identify(`
  SELECT NULL AS class, w.tableoid AS classid, w.oid AS objid, NULL AS schema, ${wrapperValue} AS value
    FROM pg_catalog.pg_foreign_data_wrapper w
   WHERE ${ofNoExtension('pg_foreign_data_wrapper', 'w.oid')}
   UNION ALL
  SELECT 'foreign server', s.tableoid, s.oid, NULL, ${serverValue}
    FROM pg_catalog.pg_foreign_server s
    JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
   WHERE ${ofNoExtension('pg_foreign_server', 's.oid')}
   UNION ALL
  SELECT NULL, ${classOf('pg_user_mapping')}, m.umid, NULL, ${mappingValue}
    FROM pg_catalog.pg_user_mappings m
   WHERE ${ofNoExtension('pg_user_mapping', 'm.umid')}`);
