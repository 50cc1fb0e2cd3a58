/** Tables of text: numbers stand right, and the last column, of names, takes what is left of a line. */

/** A column. */
export interface Column<R> {
  readonly title: string;
  show(row: R): string;
}

/** Blanks between columns. */
const GAP = "  ";
/** Columns of a line that names are to have. */
const LEAST_NAME = 24;

/**
 * The lines of a table, the titles first. Where a line has too few columns for all of them, those in front of the last are left
 * out, and long names lose their beginnings.
 */
export function* tableLines<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  lineColumns: number,
): Generator<string> {
  const names = columns.at(-1)!;
  const shown: { cells: string[]; width: number }[] = [];
  let left = lineColumns;
  for (const { title, show } of columns.slice(0, -1)) {
    const cells = [title, ...rows.map((row) => show(row))];
    const width = cells.reduce((most, { length }) => Math.max(most, length), 0);
    if (left - width - GAP.length < LEAST_NAME && shown.length > 0) break;
    left -= width + GAP.length;
    shown.push({ cells, width });
  }
  const last = [names.title, ...rows.map((row) => names.show(row))];
  for (const [line, name] of last.entries()) {
    const cells = shown.map(({ cells, width }) => cells[line]!.padStart(width) + GAP);
    yield `${cells.join("")}${endOf(name, Math.max(left, 1))}\n`;
  }
}

/** A name, or as much of its end as fits. */
function endOf(name: string, columns: number): string {
  const letters = [...name];
  return letters.length <= columns ? name : `…${letters.slice(letters.length - columns + 1).join("")}`;
}
