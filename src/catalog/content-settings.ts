/** What the text of a row depends on, and with it the hash of a table's content: set before `hashContent` on every server alike. */
export const contentSettings = `
  SET DateStyle = 'ISO, YMD';
  SET IntervalStyle = 'postgres';
  SET TimeZone = 'UTC';
  SET extra_float_digits = 1;
  SET bytea_output = 'hex';
  SET xmlbinary = 'base64'`;
