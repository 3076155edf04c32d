import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { ClusterAddress } from './cluster.ts';

/** Loads test/fixtures/supabase.sql into an empty database, as a superuser. About a second. */
export async function loadSupabaseFixture(address: ClusterAddress, database: string): Promise<void> {
  const file = fileURLToPath(new URL('../fixtures/supabase.sql', import.meta.url));
  const place = [`--host=${address.socketDirectory}`, `--port=${address.port}`, '--username=postgres', `--dbname=${database}`];
  const manner = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--single-transaction'];
  await execa(`${address.binDirectory}/psql`, [...place, ...manner, `--file=${file}`], { stdout: 'ignore' });
}

/** The tables and materialized views of the fixture, and how many rows each has; null: never populated. */
export const supabaseRows: Readonly<Record<string, number | null>> = {
  'auth.identities': 300,
  'auth.schema_migrations': 3,
  'auth.users': 300,
  'public.attachments': 5,
  'public.categories': 12,
  'public.events_2026_01': 155,
  'public.events_2026_02': 140,
  'public.events_rest': 105,
  'public.never_refreshed': null,
  'public.nothing_yet': 0,
  'public.order_items': 800,
  'public.orders': 400,
  'public.products': 200,
  'public.profiles': 300,
  'public.sales_by_category': 12,
  'public.secrets': 10,
  'public.tricky_values': 8,
  'Shop Données.A "quoted" name, with\na new line; -- and 🐘 \'ünïcode\'': 25,
  'storage.buckets': 3,
  'storage.migrations': 5,
  'storage.objects': 250,
  'supabase_migrations.schema_migrations': 3,
};
