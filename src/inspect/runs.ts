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
interface Run {
  readonly first: Element;
  last: Element;
  count: number;
  steps: Readonly<Record<string, number>> | undefined;
}

/** So many are a run; fewer have a line each. */
const LEAST_RUN = 3;

/** The lines of an array. */
export async function* elementLines(elements: AsyncIterable<Element>, lineAt: LineAt = line): AsyncGenerator<string> {
  let run: Run | undefined;
  for await (const element of elements) {
    if (run !== undefined && extend(run, element)) continue;
    if (run !== undefined) yield* runLines(run, lineAt);
    run = { first: element, last: element, count: 1, steps: undefined };
  }
  if (run !== undefined) yield* runLines(run, lineAt);
}

/** Takes an element into a run if it goes on with it. */
function extend(run: Run, element: Element): boolean {
  const { last, steps } = run;
  if (element.name !== last.name || element.at !== last.at + last.length) return false;
  const found: Record<string, number> = {};
  for (const [field, value] of Object.entries(element.fields)) {
    found[field] = step(field, last.fields[field], value);
    if (steps !== undefined && steps[field] !== found[field]) return false;
  }
  if (Object.values(found).some(Number.isNaN)) return false;
  run.steps ??= found;
  run.last = element;
  run.count++;
  return true;
}

/** From one value to the next; NaN, which equals nothing, between raw bytes that differ. */
function step(field: string, from: unknown, to: unknown): number {
  if (typeof from === "number" && typeof to === "number") return to - from;
  if (typeof from === "bigint" && typeof to === "bigint") return Number(to - from);
  return show(field, from) === show(field, to) ? 0 : Number.NaN;
}

function* runLines({ first, last, count, steps }: Run, lineAt: LineAt): Generator<string> {
  const { at, length, name } = first;
  if (count >= LEAST_RUN) {
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
