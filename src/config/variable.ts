/** One variable of an env file. The names are the user's interface: they stay. */
export interface Variable {
  /** The heading it stands under in `.env.example`. */
  readonly section: string;
  /** A sentence for the person who fills it in. */
  readonly description: string;
  /** A secret can also be given as NAME_FILE or NAME_COMMAND, and is never shown. */
  readonly secret?: true;
  /** It has to be set (or, of the database's variables, one of several). */
  readonly required?: true;
  /** A file or directory: a relative one starts from where the env file lies. */
  readonly path?: true;
  readonly defaultValue?: string;
  readonly example?: string;
}
