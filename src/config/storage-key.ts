import { z } from 'zod';

const claimsSchema = z.object({
  role: z.string().optional(),
  /** Seconds since 1970. */
  exp: z.number().optional(),
  /** Of a hosted project's legacy keys. */
  ref: z.string().optional(),
});

const remedy = 'take the service_role key or a secret key (Supabase: Settings, API keys)';

/**
 * What is wrong with a key for the Storage API, as far as the key itself tells; a text that never quotes it. Nobody has to know the
 * secret that a JWT is signed with to read its claims.
 * @param projectRef of the project that the key has to be for, if that is known
 */
export function findKeyProblem(key: string, projectRef: string | undefined): string | undefined {
  if (key.startsWith('sb_publishable_')) return `is a publishable key, which sees only what everybody sees: ${remedy}`;
  if (/^sb_secret_[\w-]+$/.test(key)) return undefined;
  const claims = readClaims(key);
  if (claims === undefined) return `is neither a JWT nor a secret key (sb_secret_...): ${remedy}`;
  const { role, ref } = claims;
  if (role === 'anon' || role === 'authenticated')
    return `is the key of the role ${role}, which does not see everything: ${remedy}`;
  if (ref !== undefined && projectRef !== undefined && ref !== projectRef) {
    return `is a key of another project than ${projectRef}: ${remedy}`;
  }
  return undefined;
}

/** A key that has expired is no reason to leave the database without a backup: the Storage API will say no, and the run is incomplete. */
export function findExpiry(key: string, now: Date): string | undefined {
  const exp = readClaims(key)?.exp;
  return exp !== undefined && exp * 1000 <= now.getTime() ? `expired on ${describeTime(exp)}: ${remedy}` : undefined;
}

function readClaims(key: string): z.infer<typeof claimsSchema> | undefined {
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(key)?.[1];
  if (payload === undefined) return undefined;
  try {
    return claimsSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

function describeTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? 'a day that there is not' : date.toISOString().slice(0, 10);
}
