import { expect, test } from 'vitest';
import { parseAccounts } from '../../../src/tools/postgres/server-account.ts';

test('reads what getent says of users', () => {
  const text =
    'postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n';
  expect(parseAccounts(text)).toEqual([
    { name: 'postgres', uid: 101, gid: 104 },
    { name: 'nobody', uid: 65534, gid: 65534 },
  ]);
  expect(parseAccounts('')).toEqual([]);
});
