import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

interface PageBlock {
  /** Of the section of the second level that it stands in. */
  readonly heading: string;
  readonly language: string;
  readonly text: string;
}

/** The code blocks of a page of docs/, in their order. */
export async function readBlocks(page: string): Promise<PageBlock[]> {
  const text = await readFile(fileURLToPath(new URL(`../../docs/${page}`, import.meta.url)), 'utf8');
  return text.split(/^## /m).flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'));
    const blocks = section.matchAll(/^```(\w+)\n(.*?)^```$/gms);
    return [...blocks].map(([, language, block]) => ({ heading, language: language!, text: block! }));
  });
}
