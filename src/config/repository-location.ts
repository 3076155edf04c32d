/**
 * Brings BORG_REPO into one of two forms, an absolute path or ssh://, so that the rest of the program need not tell more
 * apart. scp's form, `user@host:path`, means the same to Borg as what it becomes here.
 */
export function parseRepositoryLocation(text: string): { readonly location: string } | { readonly problem: string } {
  // Addresses in brackets may hold the same two colons.
  if (text.replace(/\[[\da-fA-F:]+\]/, '').includes('::'))
    return { problem: 'names an archive; leave out the :: and what follows' };
  if (text.startsWith('/')) return { location: text.replace(/(?<=.)\/+$/, '') };
  if (text.startsWith('ssh://')) return parseSshUrl(text);
  if (/^\w+:\/\//.test(text))
    return { problem: 'is of a kind that Borg 1 cannot use: give an absolute path or ssh://USER@HOST/PATH' };
  const scp = /^(?<host>(?:[\w.-]+@)?(?:[\w.-]+|\[[\da-fA-F:]+\])):(?<path>.+)$/.exec(text)?.groups;
  if (scp === undefined) return { problem: 'is a relative path; write it in full, from the / on, or as ssh://USER@HOST/PATH' };
  return { location: `ssh://${scp['host']}${toUrlPath(scp['path']!)}` };
}

/** Borg's own spelling of paths that begin in the home directory: /./path and /~user/path. */
function toUrlPath(path: string): string {
  if (path.startsWith('/')) return path;
  return path.startsWith('~') ? `/${path}` : `/./${path}`;
}

function parseSshUrl(text: string): { readonly location: string } | { readonly problem: string } {
  const groups = /^ssh:\/\/(?:(?<user>[^@/]*)@)?(?:[\w.-]+|\[[\da-fA-F:]+\])(?::\d+)?(?<path>\/.+)$/.exec(text)?.groups;
  if (groups === undefined) return { problem: 'cannot be read: write it as ssh://USER@HOST:PORT/PATH' };
  if (groups['user']?.includes(':') === true) {
    return {
      problem: 'holds a password, which Borg does not use and every user of this machine would see: set up a key for ssh',
    };
  }
  return { location: text };
}
