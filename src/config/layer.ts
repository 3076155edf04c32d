/** Where values come from. */
export interface Layer {
  readonly kind: 'environment' | 'file' | 'credential';
  /** Of credentials the files that hold them. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** What relative paths are relative to. */
  readonly directory: string;
}
