/** Text in lines of a given width, in plain ASCII: a character is a column. */

/** The narrowest that text is laid out for; a terminal that is narrower breaks the lines itself. */
const NARROWEST = 20;
/** From this width on, what is explained and its explanation stand side by side. */
const SIDE_BY_SIDE = 60;

/** Breaks text at spaces into lines of at most `width` characters; a word that is longer is cut. */
export function wrapText(text: string, width: number): string[] {
  return wrapWords(text.split(" ").filter(Boolean), width);
}

/** The same for words that may hold spaces. */
export function wrapWords(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** How wide a page is, and where its right column begins. */
export interface Page {
  /** Columns; Infinity for lines that are never broken. */
  readonly width: number;
  /** Where explanations begin: 0 where they stand below what they explain. */
  readonly column: number;
}

/**
 * A page for a terminal of `columns`, whose left column has room for most of `labels`.
 *
 * @param indent before each label
 */
export function layPage(columns: number, labels: readonly string[], indent: number): Page {
  const width = Math.max(columns, NARROWEST);
  if (width < SIDE_BY_SIDE) return { width, column: 0 };
  const most = Math.floor(Math.min(width, 100) * 0.35);
  const fitting = labels.map((label) => indent + label.length + 2).filter((end) => end <= most);
  return { width, column: Math.max(indent + 4, ...fitting) };
}

/** Text with spaces before each of its lines. */
export function indentText(text: string, indent: number, { width }: Page): string[] {
  return wrapText(text, width - indent).map((line) => " ".repeat(indent) + line);
}

/** What is explained, and its explanation: beside it, or below where the page is narrow or the label long. */
export function pairText(label: string, text: string, indent: number, page: Page): string[] {
  if (page.column === 0) return [...indentText(label, indent, page), ...indentText(text, indent + 4, page)];
  const explained = indentText(text, page.column, page);
  if (indent + label.length + 2 > page.column) return [...indentText(label, indent, page), ...explained];
  const [first = "", ...rest] = explained;
  return [" ".repeat(indent) + label + first.slice(indent + label.length), ...rest];
}
