/** Paths of a sample that Borg is asked for at once. */
export const sampledAtOnce = 500;

/** How much Borg reads in the time in which it starts and opens a repository: about a second. */
const startBytes = 100 * 1024 ** 2;
/** And in the time in which it passes over one file of an archive, and a line of a sidecar is read. */
const fileBytes = 4 * 1024;

/**
 * Whether it takes less time to read all objects of an archive once and drop most of them than to ask for those of a sample by their paths:
 * each time that Borg is asked it goes through the whole archive, so that with the number of objects not only the questions grow.
 */
export function isReadAtOnce(
  { objects, bytes }: { readonly objects: number; readonly bytes: number },
  { sample, buckets }: { readonly sample: number; readonly buckets: number },
): boolean {
  const share = Math.min(1, sample / 100);
  const questions = Math.max(buckets, Math.ceil((objects * share) / sampledAtOnce));
  const eachTime = startBytes + objects * fileBytes;
  return eachTime + bytes <= questions * eachTime + share * bytes;
}
