import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { refused, StorageAnswer } from './errors.ts';

/** The keys of one server. */
export interface Keys {
  /** Legacy JWT of service_role. */
  readonly serviceKey: string;
  /** sb_secret_..., which stands for service_role, in the header apikey only. */
  readonly secretKey: string;
  /** Legacy JWT of anon, which has no policy and so no right here. */
  readonly anonKey: string;
  /** What the JWTs are signed with. */
  readonly jwtSecret: string;
}

/** As whom a request is served. */
export type Role = 'service_role' | 'anon';

const issuedAt = 1_700_000_000;
const expiresAt = 2_015_360_000;

export function makeKeys(): Keys {
  const jwtSecret = randomBytes(24).toString('hex');
  const sign = (role: Role) =>
    signKey(jwtSecret, { iss: 'supabase', ref: 'testtesttesttesttest', role, iat: issuedAt, exp: expiresAt });
  return {
    serviceKey: sign('service_role'),
    secretKey: `sb_secret_${randomBytes(16).toString('base64url')}_${randomBytes(6).toString('base64url').slice(0, 8)}`,
    anonKey: sign('anon'),
    jwtSecret,
  };
}

/** A JWT (HS256), as the legacy keys of the platform are. */
export function signKey(secret: string, claims: Readonly<Record<string, unknown>>): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
}

/**
 * Whose key this is. A new key (sb_secret_) counts in apikey and only without Authorization: the hosted gateway makes a JWT of it then,
 * and passes an Authorization on as it is, where it is no JWT. Throws what the service or the gateway answers to a wrong key.
 */
export function authenticate(headers: IncomingHttpHeaders, keys: Keys): Role {
  const { authorization, apikey } = headers;
  if (authorization === undefined) {
    if (apikey === keys.secretKey) return 'service_role';
    if (typeof apikey === 'string' && apikey.startsWith('sb_'))
      throw new StorageAnswer(401, { message: 'Invalid API key', hint: 'Double check your API key.' });
    throw new StorageAnswer(400, {
      statusCode: '400',
      error: 'Error',
      message: "headers must have required property 'authorization'",
      code: 'InvalidRequest',
    });
  }
  return readRole(authorization.replace(/^Bearer /i, ''), keys.jwtSecret);
}

function readRole(token: string, secret: string): Role {
  const parts = token.split('.');
  const claims = parts.length === 3 ? decode(parts[1]!) : undefined;
  if (claims === undefined) throw refused('Invalid Compact JWS');
  const expected = createHmac('sha256', secret).update(`${parts[0]}.${parts[1]}`).digest();
  const given = Buffer.from(parts[2]!, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw refused('signature verification failed');
  if (typeof claims['exp'] === 'number' && claims['exp'] * 1000 < Date.now())
    throw refused('"exp" claim timestamp check failed');
  return claims['role'] === 'service_role' ? 'service_role' : 'anon';
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
