import { createHash } from 'node:crypto';

/** Of all that stands before it in the manifest, as JSON without white space. */
const seal = 'sha256';

/** `manifest.json`: what it says, and last a checksum of that, since no other file vouches for it. */
export function formatManifest(manifest: object): string {
  return `${JSON.stringify({ ...manifest, [seal]: sumOf(manifest) }, undefined, 2)}\n`;
}

/** What a `manifest.json` says; undefined when that is no JSON, or not what was written. Manifests of earlier versions have no checksum. */
export function parseManifest(text: string): unknown {
  try {
    const { [seal]: told, ...manifest } = JSON.parse(text) as Record<string, unknown>;
    return told === undefined || told === sumOf(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

function sumOf(manifest: object): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}
