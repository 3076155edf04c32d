import { AppError } from '../errors.ts';
import { parseEnvText } from './env-file.ts';
import { variables, type VariableName } from './variables.ts';

/** What reads the same to Node, to a shell and to a person. */
const plainPattern = /^[\w.:/@%+=,-]+$/;

/**
 * Values as the text of an env file that Node reads back exactly, in the order of the table of variables. Throws AppError configuration for
 * a value that no env file can hold; the message never quotes it.
 */
export function formatEnvText(values: ReadonlyMap<VariableName, string>): string {
  const names = (Object.keys(variables) as VariableName[]).filter((name) => values.has(name));
  let section = '';
  const lines = names.flatMap((name) => {
    const heading = variables[name].section === section ? [] : ['', `# ---- ${variables[name].section} ----`];
    section = variables[name].section;
    return [...heading, `${name}=${quote(name, values.get(name)!)}`];
  });
  return `${lines.join('\n').trimStart()}\n`;
}

/** In the first form of which Node makes the same value again: what a quote means to it is asked of nobody but Node. */
function quote(name: VariableName, value: string): string {
  if (plainPattern.test(value)) return value;
  const forms = [`'${value}'`, `\`${value}\``, `"${value}"`, value];
  const found = forms.find((form) => readsAs(name, form, value));
  if (found !== undefined) return found;
  throw new AppError('configuration', `${name} cannot stand in an env file: ${describeTrouble(value)}. Nothing was written.`, {
    hint: `Choose another value, or write the file by hand with ${name}_FILE, if ${name} is a secret.`,
  });
}

/** Between other lines, which have to stay as they are. */
function readsAs(name: VariableName, form: string, value: string): boolean {
  const { values, problems } = parseEnvText(`BEFORE=1\n${name}=${form}\nAFTER=2\n`);
  const exact = { BEFORE: '1', [name]: value, AFTER: '2' };
  return (
    value.isWellFormed() &&
    problems.length === 0 &&
    Object.keys(values).length === 3 &&
    Object.entries(exact).every(([key, expected]) => values[key] === expected)
  );
}

function describeTrouble(value: string): string {
  if (value === '') return 'it is empty';
  if (value.includes('\r')) return 'it holds a carriage return';
  if (!value.isWellFormed()) return 'it is no text in Unicode';
  return `it holds all three quotes (', " and \`) beside a #, a line end, or a space at its begin or end`;
}
