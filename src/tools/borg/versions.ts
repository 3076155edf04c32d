/**
 * Whether `borg rename` leaves an archive with a valid authentication tag. Before 1.2.6 it does not: such an archive is read by
 * the Borg that wrote it, but newer ones refuse it (ArchiveTAMInvalid), and their `check` takes it for an attack. `borg recreate
 * --target` writes a proper new archive in every version, at the same cost, since no chunk is read.
 * https://borgbackup.readthedocs.io/en/1.2.8/changes.html#pre-1-2-5-archives-spoofing-vulnerability-cve-2023-36811
 */
export function renamesAuthentically(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major * 10_000 + minor * 100 + patch >= 10_206;
}
