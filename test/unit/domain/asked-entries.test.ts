import { describe, expect, test } from 'vitest';
import { findAskedEntries } from '../../../src/domain/asked-entries.ts';
import type { DumpEntry } from '../../../src/domain/dump-head.ts';
import { everything, type RestoreScope } from '../../../src/domain/restore-scope.ts';
import { entryKey } from '../../../src/domain/restore-selection.ts';
import { define, defineRows } from '../../helpers/dump-entries.ts';

const global = { schema: null };

// What pg_dump 15 writes of a small shop, with what each thing needs.
const app = define('SCHEMA', 'app', global);
const hstore = define('EXTENSION', 'hstore', global);
const mood = define('TYPE', 'app.mood', { needs: [app] });
const stamp = define('FUNCTION', 'public.stamp()');
const slug = define('FUNCTION', 'public.slug(text)', { needs: [hstore] });
const users = define('TABLE', 'public.users');
const usersKey = define('CONSTRAINT', 'public.users users_pkey', { needs: [users] });
const orders = define('TABLE', 'public.orders', { needs: [mood, app] });
const ordersId = define('SEQUENCE', 'public.orders_id_seq', { needs: [orders] });
const ordersOwned = define('SEQUENCE OWNED BY', 'public.orders_id_seq', { needs: [ordersId] });
const ordersDefault = define('DEFAULT', 'public.orders id', { needs: [orders, ordersId] });
const ordersRows = defineRows(orders);
const ordersValue = define('SEQUENCE SET', 'public.orders_id_seq', { needs: [ordersId] });
const ordersKey = define('CONSTRAINT', 'public.orders orders_pkey', { needs: [orders] });
const ordersIndex = define('INDEX', 'public.by_slug', { needs: [orders, slug] });
const ordersTrigger = define('TRIGGER', 'public.orders stamp', { needs: [orders, stamp] });
const ordersPolicy = define('POLICY', 'public.orders mine', { needs: [orders] });
const ordersSecurity = define('ROW SECURITY', 'public.orders', { needs: [orders] });
const ordersUser = define('FK CONSTRAINT', 'public.orders orders_user_fkey', { needs: [usersKey, orders, users] });
const ordersComment = define('COMMENT', 'public.COLUMN orders.id', { needs: [orders] });
const triggerComment = define('COMMENT', 'public.TRIGGER stamp ON orders', { needs: [ordersTrigger] });
const ordersView = define('VIEW', 'public.open_orders', { needs: [orders] });
const items = define('TABLE', 'public.orders items');
const itemsRows = defineRows(items);
const itemsOrder = define('FK CONSTRAINT', 'public.orders items items_order_fkey', { needs: [ordersKey, items, orders] });
const itemsPolicy = define('POLICY', 'public.orders items mine', { needs: [items, orders] });
const published = define('PUBLICATION TABLE', 'public.supabase_realtime orders', { needs: [orders] });
const authUsers = define('TABLE', 'auth.users', { owner: 'supabase_auth_admin' });
const authRows = defineRows(authUsers);
const onSignup = define('TRIGGER', 'auth.users on_signup', { needs: [authUsers, stamp] });
const history = defineRows(define('TABLE', 'supabase_migrations.schema_migrations'));
const largeObjects = define('BLOBS', 'BLOBS', global);

const made = [
  app,
  hstore,
  mood,
  stamp,
  slug,
  users,
  orders,
  ordersId,
  ordersOwned,
  ordersDefault,
  items,
  authUsers,
  ordersView,
];
const rows = [ordersRows, ordersValue, itemsRows, authRows, history, largeObjects];
const afterwards = [usersKey, ordersKey, ordersIndex, ordersTrigger, onSignup, ordersPolicy, itemsPolicy, ordersSecurity];
const last = [ordersUser, itemsOrder, ordersComment, triggerComment, published];
const dump = [...made, ...rows, ...afterwards, ...last];

const besideOrders = [users, usersKey, items, itemsRows, itemsPolicy, itemsOrder, app, mood, hstore, stamp, slug, ordersView];
const partsOfOrders = dump.filter(
  (entry) => ![...besideOrders, authUsers, authRows, onSignup, history, largeObjects, published].includes(entry),
);

function ask(said: Partial<RestoreScope>, { entries = dump, existing = [] as readonly DumpEntry[] } = {}) {
  const { ids, ...told } = findAskedEntries(
    entries,
    { ...everything, ...said },
    {
      existing: new Set(existing.map(entryKey)),
      isPlatform: ({ schema }) => schema === 'auth',
    },
  );
  return { asked: label(entries.filter(({ dumpId }) => ids.has(dumpId))), ...told };
}

/** In the order of the dump, and short enough to be read. */
function label(entries: readonly DumpEntry[]): string[] {
  const sorted = entries.toSorted((a, b) => dump.indexOf(a) - dump.indexOf(b));
  return sorted.map(({ description, schema, tag }) => `${description} ${schema ?? '-'} ${tag}`);
}

const [ordersTable, usersTable] = ['orders', 'users'].map((name) => ({ schema: 'public', name }));

test('nothing said asks for everything', () => {
  expect(ask({})).toEqual({ asked: label(dump), refusals: [], unknown: [] });
});

describe('a table', () => {
  test('comes with its parts, and with what they need', () => {
    const { asked, refusals } = ask({ tables: [ordersTable!] }, { existing: [users, usersKey] });
    expect(asked).toEqual(label([...partsOfOrders, app, mood, stamp, slug, hstore]));
    expect(refusals).toEqual([]);
  });

  test('brings nothing along that is on the target', () => {
    const { asked } = ask({ tables: [ordersTable!] }, { existing: [users, usersKey, app, mood, stamp, slug] });
    expect(asked).toEqual(label(partsOfOrders));
  });

  test('that refers to another one, which is neither there nor asked for, is refused', () => {
    const { asked, refusals } = ask({ tables: [ordersTable!] });
    // Its key need not be told as well.
    expect(refusals).toEqual([
      'fk constraint orders orders_user_fkey in schema public needs table users in schema public, which is neither on the target nor asked for',
    ]);
    expect(asked).not.toContain(label([users])[0]);
    expect(ask({ tables: [ordersTable!, usersTable!] }).refusals).toEqual([]);
  });

  test('whose key alone is gone is told as that', () => {
    expect(ask({ tables: [ordersTable!] }, { existing: [users] }).refusals).toEqual([
      'fk constraint orders orders_user_fkey in schema public needs constraint users users_pkey in schema public, which is neither on the target nor asked for',
    ]);
  });

  test('brings what is said of what it brings, and how far a sequence has come', () => {
    const numbers = define('SEQUENCE', 'app.numbers');
    const table = define('TABLE', 'public.tickets', { needs: [mood, numbers] });
    const comment = define('COMMENT', 'app.TYPE mood', { needs: [mood] });
    const other = define('COMMENT', 'public.FUNCTION stamp()', { needs: [stamp] });
    const value = define('SEQUENCE SET', 'app.numbers', { needs: [numbers] });
    const tables = [{ schema: 'public', name: 'tickets' }];
    const entries = [mood, stamp, numbers, table, comment, other, value];
    expect(ask({ tables }, { entries, existing: [app] }).asked).toEqual(label([mood, numbers, table, comment, value]));
    expect(ask({ tables, only: ['schema'] }, { entries, existing: [app] }).asked).not.toContain(label([value])[0]);
  });

  test('that is there brings nothing but its rows and what its parts need', () => {
    const { asked, refusals } = ask({ tables: [ordersTable!] }, { existing: partsOfOrders });
    expect(asked).toEqual(label(partsOfOrders));
    expect(refusals).toEqual([]);
  });

  test('of the platform is there with all that it needs', () => {
    const { asked } = ask({ tables: [{ schema: 'auth', name: 'users' }] });
    expect(asked).toEqual(label([authUsers, authRows, onSignup]));
  });

  test('is asked for by its name alone', () => {
    expect(ask({ tables: [{ schema: 'public', name: 'stamp()' }] })).toMatchObject({
      asked: [],
      unknown: ['table public.stamp()'],
    });
    expect(ask({ tables: [{ schema: 'public', name: 'open_orders' }] }).asked).toContain(label([ordersView])[0]);
  });

  test('is not the one whose name goes on with a space', () => {
    const { asked } = ask({ tables: [{ schema: 'public', name: 'orders items' }] }, { existing: [orders, ordersKey] });
    expect(asked).toEqual(label([items, itemsRows, itemsOrder, itemsPolicy]));
    expect(ask({ tables: [ordersTable!] }).asked).not.toContain(label([itemsPolicy])[0]);
  });
});

describe('a table with partitions', () => {
  const events = define('TABLE', 'public.events');
  const eventsKey = define('CONSTRAINT', 'public.events events_pkey', { needs: [events] });
  const part = define('TABLE', 'public.events_1', { needs: [events] });
  const attach = define('TABLE ATTACH', 'public.events_1', { needs: [part, events] });
  const partRows = defineRows(part);
  const partKey = define('CONSTRAINT', 'public.events_1 events_1_pkey', { needs: [part, eventsKey] });
  const keyAttach = define('INDEX ATTACH', 'public.events_1_pkey', { needs: [partKey, part, eventsKey, events] });
  const entries = [events, part, attach, partRows, eventsKey, partKey, keyAttach];

  test('comes with them', () => {
    expect(ask({ tables: [{ schema: 'public', name: 'events' }] }, { entries }).asked).toEqual(label(entries));
  });

  test('a partition alone needs its parent, which would bring the others', () => {
    const asked = ask({ tables: [{ schema: 'public', name: 'events_1' }] }, { entries });
    expect(asked.asked).toEqual(label([part, partRows, partKey]));
    expect(asked.refusals[0]).toMatch(/needs .* events.* neither on the target nor asked for$/);
  });

  test('a partition can be had where its parent is', () => {
    const tables = [{ schema: 'public', name: 'events_1' }];
    expect(ask({ tables }, { entries, existing: [events, eventsKey] }).refusals).toEqual([]);
  });
});

describe('rows alone', () => {
  test('are those of a table, and the values of its sequences', () => {
    const { asked, refusals } = ask({ tables: [ordersTable!], dataOnly: true }, { existing: [orders, ordersId] });
    expect(asked).toEqual(label([ordersRows, ordersValue]));
    expect(refusals).toEqual([]);
  });

  test('have no place where the table is not there', () => {
    expect(ask({ tables: [usersTable!], dataOnly: true }).refusals).toEqual([]);
    expect(ask({ tables: [ordersTable!], dataOnly: true }).refusals).toContain(
      'rows of table orders in schema public needs table orders in schema public, which is neither on the target nor asked for',
    );
  });

  test('make nothing, not even a sequence', () => {
    const numbers = define('SEQUENCE', 'app.numbers');
    const value = define('SEQUENCE SET', 'app.numbers', { needs: [numbers] });
    const { asked, refusals } = ask({ schemas: ['app'], dataOnly: true }, { entries: [numbers, value] });
    expect(asked).toEqual(label([value]));
    expect(refusals).toEqual([
      'sequence set numbers in schema app needs sequence numbers in schema app, which is neither on the target nor asked for',
    ]);
  });

  test('are all rows when nothing else is said', () => {
    const { asked } = ask({ dataOnly: true }, { existing: dump });
    expect(asked).toEqual(label([ordersRows, ordersValue, itemsRows, authRows, history, largeObjects]));
  });
});

test('a schema comes with all that is in it, and only with that', () => {
  const { asked, unknown } = ask({ schemas: ['app'] });
  expect(asked).toEqual(label([app, mood]));
  expect(unknown).toEqual([]);
  expect(ask({ schemas: ['public'] }).asked).toContain(label([published])[0]);
});

describe('components', () => {
  test.each<[RestoreScope['only'], readonly DumpEntry[]]>([
    [['extensions'], [hstore]],
    [['auth'], [authRows]],
    [['history'], [history]],
    [['publications'], [published]],
    [['roles', 'cron'], []],
    [['data'], [ordersRows, ordersValue, itemsRows, largeObjects]],
  ])('%j', (only, expected) => {
    expect(ask({ only }, { existing: dump }).asked).toEqual(label(expected));
  });

  test('of a schema are those of that schema', () => {
    const { asked } = ask({ only: ['data'], schemas: ['public'] }, { existing: dump });
    expect(asked).toEqual(label([ordersRows, ordersValue, itemsRows]));
  });
});

test('what is not in the backup is named', () => {
  const { unknown } = ask({ schemas: ['app', 'gone'], tables: [usersTable!, { schema: 'app', name: 'users' }] });
  expect(unknown).toEqual(['schema gone', 'table app.users']);
});
