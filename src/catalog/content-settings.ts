/**
 * Sets what the text of a row and of an expression depends on, for as long as the session lives; a session that hashes contents,
 * or reads a catalog to compare it with another one, sends it first. One statement. search_path has to be empty besides.
 */
export const contentSettings = `
  SELECT pg_catalog.set_config('DateStyle', 'ISO, MDY', false),
         pg_catalog.set_config('IntervalStyle', 'postgres', false),
         pg_catalog.set_config('TimeZone', 'UTC', false),
         pg_catalog.set_config('extra_float_digits', '1', false),
         pg_catalog.set_config('bytea_output', 'hex', false),
         pg_catalog.set_config('xmlbinary', 'base64', false),
         pg_catalog.set_config('lc_monetary', 'C', false)`;
