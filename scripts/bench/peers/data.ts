/** Runs statements one after the other in one session. Throws at the first error. */
export type Sql = (...statements: readonly string[]) => Promise<void>;

/**
 * Fills an empty database with a shop: text in words of very different frequency, jsonb, uuid, timestamps, numbers; the same bytes from the same seed.
 * A thousand rows (of orders; the other tables follow) make about 0.84 MB of uncompressed dump.
 */
export async function createData(sql: Sql, rows: number): Promise<void> {
  await sql(
    'SELECT setseed(0.42)',
    `CREATE TABLE customers (id uuid PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL, address jsonb NOT NULL,
       created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)`,
    `CREATE TABLE orders (id bigint PRIMARY KEY, number uuid NOT NULL, customer_id uuid NOT NULL, status text NOT NULL, total numeric(10, 2) NOT NULL,
       lines jsonb NOT NULL, note text, placed_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)`,
    `CREATE TABLE events (id bigint PRIMARY KEY, user_id uuid NOT NULL, kind text NOT NULL, happened_at timestamptz NOT NULL, properties jsonb NOT NULL)`,
    `CREATE TABLE articles (id bigint PRIMARY KEY, slug text NOT NULL, body text NOT NULL, tags text[] NOT NULL, published_at timestamptz NOT NULL)`,
    ...insertRows({ from: 1, to: rows }),
    'CREATE INDEX ON orders (customer_id)',
    'CREATE INDEX ON events (happened_at)',
    'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers',
    'VACUUM ANALYZE',
  );
}

/** What a day does: that share of the rows of each table changes, anywhere in it, and a quarter as many come new. */
export async function changeRows(sql: Sql, day: { readonly number: number; readonly rate: number }): Promise<void> {
  const { number, rate } = day;
  const now = `timestamptz '2026-01-01 00:00Z' + ${number} * interval '1 day' + random() * interval '1 day'`;
  await sql(
    `SELECT setseed(${number} / 1000.0)`,
    `UPDATE customers SET address = address || jsonb_build_object('door', ceil(random() * 90)), updated_at = ${now} WHERE random() < ${rate}`,
    `UPDATE orders SET status = 'changed', total = total + 1, updated_at = ${now} WHERE random() < ${rate}`,
    `UPDATE events SET properties = properties || jsonb_build_object('seen', ${now}) WHERE random() < ${rate}`,
    `UPDATE articles SET body = body || ' ' || (${words('10 + id % 20')}) WHERE random() < ${rate}`,
    'CREATE TEMPORARY TABLE last AS SELECT max(id) AS id FROM orders',
    ...insertRows({ from: '(SELECT id FROM last) + 1', to: `(SELECT id * (1 + ${rate} / 4) FROM last)::bigint` }),
    'VACUUM',
  );
}

const syllables = 'ba con der e fi gra ho in jo ka lo men na or pre qui re sta ti un ver wi xe y za'.split(' ');
/** Words are pieces of this, so that PostgreSQL makes them fast. */
const letters = Array.from(
  { length: 200 },
  (_, index) => syllables[((index * index * 217 + index * 93) % 10_007) % syllables.length],
).join('');

/** Of 3000 words; the few that are used often make up most of the text, as in languages. */
function words(count: string): string {
  return `SELECT string_agg(substr('${letters}', 1 + word * 37 % 380, 2 + word % 8), ' ')
            FROM (SELECT (power(random(), 3) * 3000)::int AS word FROM generate_series(1, ${count})) w`;
}

/** Rows of all tables for so many orders: a customer for five of them, two events for each, an article for ten. */
function insertRows({ from, to }: { readonly from: number | string; readonly to: number | string }): string[] {
  const time = `timestamptz '2024-01-01 00:00Z' + g * interval '40 seconds' + random() * interval '40 seconds'`;
  return [
    `INSERT INTO customers
     SELECT ${customer('g')}, 'user' || g || '@' || substr(md5(g::text), 1, 6) || '.example', (${words('2 + g % 2')}),
            jsonb_build_object('street', (${words('2 + g % 3')}), 'door', g % 90, 'zip', 10000 + g * 7919 % 89999, 'country', substr('DEFRESIT', (g % 4)::int * 2 + 1, 2)),
            ${time}, ${time}
       FROM generate_series((${from})::bigint, ${to}) g WHERE g % 5 = 1`,
    `INSERT INTO orders
     SELECT g, md5('order ' || g)::uuid, ${customer('(g - 1 - (g - 1) % 5 + 1)')}, (ARRAY['paid', 'sent', 'sent', 'open', 'returned'])[ceil(random() * 5)],
            random() * 400, jsonb_build_array(
              jsonb_build_object('sku', upper(substr(md5('sku' || g % 4000), 1, 8)), 'count', ceil(random() * 4), 'price', round((random() * 90)::numeric, 2)),
              jsonb_build_object('sku', upper(substr(md5('sku' || g * 13 % 4000), 1, 8)), 'count', 1, 'price', round((random() * 90)::numeric, 2))),
            CASE WHEN g % 3 = 0 THEN (${words('4 + g % 12')}) END, ${time}, ${time}
       FROM generate_series((${from})::bigint, ${to}) g`,
    `INSERT INTO events
     SELECT g * 2 + n, ${customer('(1 + g * 7919 % 5000 * 5)')}, 'kind-' || ceil(power(random(), 2) * 17), ${time},
            jsonb_build_object('path', '/items/' || ceil(random() * 100000), 'agent', 'agent/' || ceil(power(random(), 2) * 60) || '.0', 'ms', ceil(random() * 900),
                               'ip', '10.' || g % 255 || '.' || g * 13 % 255 || '.7', 'session', md5('session ' || g / 7))
       FROM generate_series((${from})::bigint, ${to}) g, generate_series(0, 1) n`,
    `INSERT INTO articles
     SELECT g, 'article-' || g, (${words('40 + g % 200')}), string_to_array((${words('2 + g % 3')}), ' '), ${time}
       FROM generate_series((${from})::bigint, ${to}) g WHERE g % 10 = 1`,
  ];
}

function customer(number: string): string {
  return `md5('customer ' || ${number})::uuid`;
}
