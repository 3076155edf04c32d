import { expect, test } from 'vitest';
import { parseRepositoryLocation } from '../../../src/config/repository-location.ts';

test.each([
  ['/var/backups/shop', '/var/backups/shop'],
  ['/var/backups/shop//', '/var/backups/shop'],
  ['/', '/'],
  ['/srv/with space:and@signs', '/srv/with space:and@signs'],
  ['ssh://backup@nas.example.com:2222/./shop', 'ssh://backup@nas.example.com:2222/./shop'],
  ['ssh://nas/srv/shop', 'ssh://nas/srv/shop'],
  ['ssh://backup@[2001:db8::1]/srv/shop', 'ssh://backup@[2001:db8::1]/srv/shop'],
  ['backup@nas.example.com:/srv/shop', 'ssh://backup@nas.example.com/srv/shop'],
  ['backup@nas.example.com:shop', 'ssh://backup@nas.example.com/./shop'],
  ['backup@nas.example.com:~/shop', 'ssh://backup@nas.example.com/~/shop'],
  ['nas:~other/shop', 'ssh://nas/~other/shop'],
  ['backup@[2001:db8::1]:/srv/shop', 'ssh://backup@[2001:db8::1]/srv/shop'],
])('%s means %s', (text, location) => {
  expect(parseRepositoryLocation(text)).toEqual({ location });
});

test.each([
  ['backups/shop', 'is a relative path'],
  ['./nas:shop', 'is a relative path'],
  ['~/shop', 'is a relative path'],
  ['/srv/shop::latest', 'names an archive'],
  ['s3://bucket/shop', 'is of a kind that Borg 1 cannot use'],
  ['file:///srv/shop', 'is of a kind that Borg 1 cannot use'],
  ['ssh://nas', 'cannot be read'],
  ['ssh://nas:port/shop', 'cannot be read'],
])('%s is refused', (text, problem) => {
  expect(parseRepositoryLocation(text)).toEqual({ problem: expect.stringContaining(problem) as string });
});

test('a password for ssh is refused and not repeated', () => {
  const result = parseRepositoryLocation('ssh://backup:hunter2@nas/srv/shop');
  expect(result).toEqual({ problem: expect.stringContaining('holds a password') as string });
  expect(JSON.stringify(result)).not.toContain('hunter2');
});
