import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatManifest, parseManifest } from '../../../src/archive/manifest-text.ts';

test('a manifest reads as it was written, also one of a version that had no checksum', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (values) => {
      const { sha256: _, ...manifest } = JSON.parse(JSON.stringify(values)) as Record<string, unknown>;
      expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
      expect(parseManifest(JSON.stringify(manifest))).toEqual(manifest);
    }),
  );
});

test('whatever bit of it is another one, it reads as it was written or not at all', () => {
  const manifest = { backupId: 'shop-20261121T020000Z', rows: 100, names: ['a b', 'ü'], nothing: null };
  const bytes = Buffer.from(formatManifest(manifest));
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[Math.floor(bit / 8)]! ^= 1 << (bit % 8);
    const read = parseManifest(flipped.toString());
    // In the name of the checksum: then it is a field that no reader knows.
    const { backupId, rows, names, nothing } = (read ?? manifest) as typeof manifest;
    expect({ backupId, rows, names, nothing }, `bit ${bit}`).toEqual(manifest);
  }
});

test('what is no object is no manifest', () => {
  for (const text of ['', 'null', '[', '{"sha256":"0"}']) expect(parseManifest(text)).toBeUndefined();
});
