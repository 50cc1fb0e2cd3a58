/** Arrays of small structures in few lines: those in which every field goes on in equal steps are one. */
import { type LineAt, line, show } from "./text.ts";

/** A structure of an array. */
export interface Element {
  readonly at: number;
  readonly length: number;
  /** What it is called; others of that name have the same fields. */
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Structures of which all have the same steps from one to the next. */
interface Series {
  readonly first: Element;
  last: Element;
  count: number;
  steps: Readonly<Record<string, number>> | undefined;
}

/** So many are a series; fewer have a line each. */
const LEAST_SERIES = 3;

/** The lines of an array. */
export async function* elementLines(elements: AsyncIterable<Element>, lineAt: LineAt = line): AsyncGenerator<string> {
  let series: Series | undefined;
  for await (const element of elements) {
    if (series !== undefined && extend(series, element)) continue;
    if (series !== undefined) yield* seriesLines(series, lineAt);
    series = { first: element, last: element, count: 1, steps: undefined };
  }
  if (series !== undefined) yield* seriesLines(series, lineAt);
}

/** Takes an element into a series if it goes on with it. */
function extend(series: Series, element: Element): boolean {
  const { last, steps } = series;
  if (element.name !== last.name || element.at !== last.at + last.length) return false;
  const found: Record<string, number> = {};
  for (const [field, value] of Object.entries(element.fields)) {
    found[field] = step(field, last.fields[field], value);
    if (steps !== undefined && steps[field] !== found[field]) return false;
  }
  if (Object.values(found).some(Number.isNaN)) return false;
  series.steps ??= found;
  series.last = element;
  series.count++;
  return true;
}

/** From one value to the next; NaN, which equals nothing, between raw bytes that differ. */
function step(field: string, from: unknown, to: unknown): number {
  if (typeof from === "number" && typeof to === "number") return to - from;
  if (typeof from === "bigint" && typeof to === "bigint") return Number(to - from);
  return show(field, from) === show(field, to) ? 0 : Number.NaN;
}

function* seriesLines({ first, last, count, steps }: Series, lineAt: LineAt): Generator<string> {
  const { at, length, name } = first;
  if (count >= LEAST_SERIES) {
    const fields = Object.entries(first.fields).map(([field, value]) => {
      const from = show(field, value);
      return `${field}=${steps![field] === 0 ? from : `${from}..${show(field, last.fields[field])}`}`;
    });
    yield lineAt(at, length * count, `${name} x${count}: ${fields.join(" ")}`);
    return;
  }
  for (const { at, fields } of count === 1 ? [first] : [first, last]) {
    const shown = Object.entries(fields).map(([field, value]) => `${field}=${show(field, value)}`);
    yield lineAt(at, length, `${name}: ${shown.join(" ")}`);
  }
}
