import { expect, test } from 'vitest';
import { findHiddenMappings } from '../../src/capture/hidden-mappings.ts';
import { startPlatformCluster, type PlatformUser } from '../helpers/platform.ts';

/** What pg_dump finds of the options of every mapping. */
const shown = 'SELECT usename, srvname, umoptions IS NOT NULL AS shown FROM pg_catalog.pg_user_mappings';

async function listHidden(user: PlatformUser): Promise<string[]> {
  return findHiddenMappings({ query: (sql, values) => user.query(sql, values) });
}

test('options that the role may not read are told, and no others', async () => {
  const { postgres, administrator } = await startPlatformCluster();
  await administrator.query('CREATE FOREIGN DATA WRAPPER nowhere; GRANT USAGE ON FOREIGN DATA WRAPPER nowhere TO postgres');
  await postgres.query(`
    CREATE ROLE "Odd role";
    CREATE SERVER mine FOREIGN DATA WRAPPER nowhere;
    CREATE USER MAPPING FOR postgres SERVER mine OPTIONS (password 'x');
    CREATE USER MAPPING FOR PUBLIC SERVER mine OPTIONS (password 'x');
    CREATE USER MAPPING FOR "Odd role" SERVER mine OPTIONS (password 'x')`);
  await administrator.query(`
    CREATE SERVER others FOREIGN DATA WRAPPER nowhere;
    CREATE USER MAPPING FOR postgres SERVER others OPTIONS (password 'x');
    CREATE USER MAPPING FOR PUBLIC SERVER others OPTIONS (password 'x')`);

  expect(await listHidden(postgres)).toEqual(['Odd role on mine', 'PUBLIC on others', 'postgres on others']);
  const hidden = await postgres.query<{ usename: string; srvname: string }>(`SELECT * FROM (${shown}) m WHERE NOT shown`);
  const names = hidden.map(({ usename, srvname }) => `${usename === 'public' ? 'PUBLIC' : usename} on ${srvname}`);
  expect(names.toSorted()).toEqual(await listHidden(postgres));
  expect(await listHidden(administrator)).toEqual([]);
});
