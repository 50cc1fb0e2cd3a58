/**
 * The tables of `docs/options.md`: which lines of options are compared with the C tools, and what is said of them. A line
 * stands there once; what tests run and what people read is the same.
 *
 *     ## `ts-mkerofs` beside mkfs.erofs 1.9.3
 *     | line | there | here | why |
 */
import { readFileSync } from "node:fs";

/** What comes of a line: an image, something printed, or a refusal. */
export type Outcome = "image" | "text" | "refused" | "crash";

/** What a row says of us: `same` is the same outcome, and an image of the same facts. */
export type Verdict = "same" | "different" | "refused" | "taken";

/** A row of a table. */
export interface PeerRow {
  readonly line: string;
  readonly there: Outcome;
  readonly here: Verdict;
  readonly why: string;
}

/** What stands for a line without options. */
const NOTHING = "(none)";

/** The rows of a tool, and its version, as the page has them. */
export function readPeerTable(tool: string): { version: string; rows: PeerRow[] } {
  const page = readFileSync(new URL("../../../docs/options.md", import.meta.url), "utf8");
  for (const section of page.split(/^## /m).slice(1)) {
    const [, name, version] = /^`ts-\w+` beside (\S+) (\S+)$/m.exec(section.split("\n", 1)[0]!) ?? [];
    if (name === tool) return { version: version!, rows: [...rowsOf(section)] };
  }
  throw new Error(`docs/options.md: no section of ${tool}`);
}

function* rowsOf(section: string): Generator<PeerRow> {
  for (const text of section.split("\n")) {
    const cells = /^\| (`.*`|\(none\)) \| (\w+) \| (\w+) \| ?(.*) \|$/.exec(text);
    if (!cells) {
      // a row that is not understood would not be checked
      if (text.startsWith("|") && !/^\|( line|---)/.test(text)) throw new Error(`docs/options.md: "${text}"`);
      continue;
    }
    const [, line, there, here, why] = cells as unknown as [string, string, Outcome, Verdict, string];
    yield { line: line === NOTHING ? "" : line.slice(1, -1).replaceAll("\\|", "|"), there, here, why: why.trim() };
  }
}

/** Words of a line: blanks separate them, and quotation marks of either kind hold them together. */
export function wordsOf(line: string): string[] {
  const found = line.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g);
  return [...found].map(([word]) => word.replace(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double));
}
