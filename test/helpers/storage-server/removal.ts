import { invalidRequest, missingObject } from './errors.ts';
import { readJson, type Exchange } from './exchange.ts';
import { deleteObjects } from './rows.ts';
import { sendJson } from './send.ts';

/** DELETE /object/BUCKET: `prefixes` are exact names; answers the rows that were there. */
export async function removeObjects(exchange: Exchange, bucket: string): Promise<void> {
  const { service, role } = exchange;
  const names = (await readJson(exchange.request))?.['prefixes'];
  if (!Array.isArray(names)) throw invalidRequest("body must have required property 'prefixes'");
  if (names.length === 0) throw invalidRequest('body/prefixes must NOT have fewer than 1 items');
  const { deleteLimit = Infinity } = service.options;
  if (names.length > deleteLimit)
    throw invalidRequest(`Bulk object requests are limited to ${deleteLimit} objects per request.`);
  const rows = role === 'service_role' ? await deleteObjects(service, bucket, names as string[]) : [];
  for (const { name, version } of rows) await service.bytes.remove({ bucket, name, version });
  const described = rows.map((row) => {
    const { name, bucket_id, version, id, updated_at, created_at, last_accessed_at, metadata, user_metadata } = row;
    const owners = { owner: row.owner ?? '', owner_id: row.owner_id ?? '' };
    return { name, bucket_id, ...owners, version, id, updated_at, created_at, last_accessed_at, metadata, user_metadata };
  });
  await sendJson(exchange, 200, described);
}

/** DELETE /object/BUCKET/NAME. */
export async function removeObject(exchange: Exchange, bucket: string, name: string): Promise<void> {
  const { service, role } = exchange;
  const [row] = role === 'service_role' ? await deleteObjects(service, bucket, [name]) : [];
  if (row === undefined) throw missingObject();
  await service.bytes.remove({ bucket, name, version: row.version });
  await sendJson(exchange, 200, { message: 'Successfully deleted' });
}
