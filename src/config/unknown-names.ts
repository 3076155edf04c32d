import { knownNames } from './variables.ts';

const ourPrefix = /^(SUPABASE|STORAGE|BORG|RETENTION|NOTIFY|LATE|BACKUP|VERIFY|DRILL|SCHEDULE|RETRY|TEST)_/;

/** Read by `agent daemon` from its environment. */
const agentNames = new Set(['MAX_CONCURRENT', 'METRICS_LISTEN']);

/** Further than this from every known name, a name is not a slip of the pen. */
const maximumDistance = 3;

/** Warns of names that look like ours and mean nothing: a RETENTION_DAY that is silently ignored costs backups. */
export function warnOfUnknownNames(names: readonly string[]): string[] {
  const misplaced = names
    .filter((name) => agentNames.has(name))
    .map(
      (name) =>
        `${name} is a variable of the long-running agent and not of a project: it belongs into its unit (docs/service.md)`,
    );
  const unknown = names
    .filter((name) => ourPrefix.test(name) && !knownNames.has(name))
    .map((name) => {
      const nearest = findNearest(name);
      return `${name} is not a variable of this program${nearest === undefined ? '' : `: did you mean ${nearest}?`}`;
    });
  return [...misplaced, ...unknown];
}

function findNearest(name: string): string | undefined {
  const [nearest] = [...knownNames]
    .map((known) => ({ known, distance: editDistance(name, known) }))
    .toSorted((a, b) => a.distance - b.distance);
  return nearest !== undefined && nearest.distance <= maximumDistance ? nearest.known : undefined;
}

/** Levenshtein's: how many characters have to be inserted, deleted or replaced. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
