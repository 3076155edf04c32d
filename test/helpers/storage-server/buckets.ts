import { bucketNotEmpty, duplicateBucket, invalidRequest, missingBucket, noPolicy, tooLarge, wrongType } from './errors.ts';
import { readJson, type Exchange } from './exchange.ts';
import { checkBucketName } from './names.ts';
import { bucketColumns, deleteBucketRow, deleteObjects, requireBucket, type BucketRow } from './rows.ts';
import { sendJson } from './send.ts';

/** Routes below /bucket; `id` is undefined at /bucket itself. Answers false where there is no such route. */
export async function answerBucketRoute(
  exchange: Exchange,
  id: string | undefined,
  rest: string | undefined,
): Promise<boolean> {
  const { method } = exchange.request;
  if (id === undefined && method === 'GET') await listBuckets(exchange);
  else if (id === undefined && method === 'POST') await createBucket(exchange);
  else if (id === undefined) return false;
  else if (rest === 'empty' && method === 'POST') await emptyBucket(exchange, id);
  else if (rest !== undefined) return false;
  else if (method === 'GET') await getBucket(exchange, id);
  else if (method === 'PUT') await updateBucket(exchange, id);
  else if (method === 'DELETE') await removeBucket(exchange, id);
  else return false;
  return true;
}

async function listBuckets(exchange: Exchange): Promise<void> {
  const { service, role } = exchange;
  const sql = `SELECT ${bucketColumns(service)} FROM storage.buckets ORDER BY created_at, id`;
  const { rows } = await service.database.query<BucketRow>(sql);
  await sendJson(exchange, 200, role === 'service_role' ? rows.map(describeBucket) : []);
}

async function getBucket(exchange: Exchange, id: string): Promise<void> {
  const bucket = await requireVisible(exchange, id);
  const { type: _type, ...described } = describeBucket(bucket);
  await sendJson(exchange, 200, described);
}

function describeBucket(bucket: BucketRow) {
  const { id, name, file_size_limit, allowed_mime_types, created_at, updated_at, type } = bucket;
  return { id, name, owner: '', public: bucket.public, type, file_size_limit, allowed_mime_types, created_at, updated_at };
}

async function createBucket(exchange: Exchange): Promise<void> {
  const { service, role } = exchange;
  const body = (await readJson(exchange.request)) ?? {};
  const { name, id = name } = body;
  if (typeof name !== 'string') throw invalidRequest("body must have required property 'name'");
  checkBucketName(name);
  const { limit = null, types = null } = readLimits(body, service.options.fileSizeLimit);
  if (role !== 'service_role') throw noPolicy();
  const { rowCount } = await service.database.query(
    `INSERT INTO storage.buckets (id, name, public, file_size_limit, allowed_mime_types, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, now(), now()) ON CONFLICT DO NOTHING`,
    [id, name, body['public'] === true, limit, types],
  );
  if (rowCount === 0) throw duplicateBucket();
  await sendJson(exchange, 200, { name });
}

async function updateBucket(exchange: Exchange, id: string): Promise<void> {
  const { service } = exchange;
  const body = (await readJson(exchange.request)) ?? {};
  const missing = ['public', 'file_size_limit', 'allowed_mime_types'].filter((name) => body[name] === undefined);
  const required = missing.map((name) => `body must have required property '${name}'`);
  if (missing.length === 3) throw invalidRequest([...required, 'body must match a schema in anyOf'].join(', '));
  const { limit, types } = readLimits(body, service.options.fileSizeLimit);
  await requireVisible(exchange, id);
  const isPublic = typeof body['public'] === 'boolean' ? body['public'] : undefined;
  await service.database.query(
    `UPDATE storage.buckets SET public = coalesce($2, public), file_size_limit = CASE WHEN $3 THEN $4 ELSE file_size_limit END,
     allowed_mime_types = CASE WHEN $5 THEN $6 ELSE allowed_mime_types END WHERE id = $1`,
    [id, isPublic ?? null, limit !== undefined, limit ?? null, types !== undefined, types ?? null],
  );
  await sendJson(exchange, 200, { message: 'Successfully updated' });
}

async function emptyBucket(exchange: Exchange, id: string): Promise<void> {
  await requireVisible(exchange, id);
  const { bytes } = exchange.service;
  for (const { name, version } of await deleteObjects(exchange.service, id, 'all'))
    await bytes.remove({ bucket: id, name, version });
  await sendJson(exchange, 200, { message: 'Empty bucket has been queued. Completion may take up to an hour.' });
}

async function removeBucket(exchange: Exchange, id: string): Promise<void> {
  await requireVisible(exchange, id);
  const { rows } = await exchange.service.database.query('SELECT FROM storage.objects WHERE bucket_id = $1 LIMIT 1', [id]);
  if (rows.length > 0) throw bucketNotEmpty();
  if (!(await deleteBucketRow(exchange.service, id))) throw missingBucket();
  await sendJson(exchange, 200, { message: 'Successfully deleted' });
}

async function requireVisible(exchange: Exchange, id: string): Promise<BucketRow> {
  if (exchange.role !== 'service_role') throw missingBucket();
  return requireBucket(exchange, id);
}

interface Limits {
  /** Bytes; undefined: not said. */
  readonly limit: number | null | undefined;
  readonly types: readonly string[] | null | undefined;
}

const units: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 };

function readLimits(body: Readonly<Record<string, unknown>>, serviceLimit: number): Limits {
  const given = body['file_size_limit'] as number | string | null | undefined;
  const [, number, unit] = typeof given === 'string' ? (/^(\d+)\s*([KMG]?B)?$/i.exec(given) ?? []) : [];
  const limit = typeof given === 'string' ? Number(number) * units[unit?.toUpperCase() ?? 'B']! : given;
  if (typeof limit === 'number' && limit > serviceLimit) throw tooLarge();
  const types = body['allowed_mime_types'] as readonly string[] | null | undefined;
  const wrong = types?.find((type) => !/^[\w.+*-]+\/[\w.+*-]+$/.test(type));
  if (wrong !== undefined) throw wrongType(wrong);
  return { limit, types };
}
