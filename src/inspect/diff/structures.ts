/**
 * What two images of one format differ in as bytes: their dumps are gone through side by side. A structure of one that the other
 * has not is looked for a while ahead, so that memory is bounded whatever the images are.
 */
import { Interruption } from "../../core/abort.ts";
import { dumpOpened } from "../dump.ts";
import type { OpenedImage } from "../open-image.ts";
import { type DumpLine, parseDumpLine } from "./dump-line.ts";

/** What has become of a structure from the first image to the second. */
export interface StructureChange {
  /** `moved`: from here on all is at places that are so many bytes larger than they were; of several rows the last counts. */
  readonly change: "changed" | "added" | "removed" | "moved";
  /** Where it is in the first image, of what was added in the second. */
  readonly place: string;
  /** Its name, and whose it is. */
  readonly what: string;
  /** Of what was changed. */
  readonly fields?: readonly StructureField[];
  /** Of what was added or removed: how many bytes, and all that is said of it. */
  readonly bytes?: number;
  readonly text?: string;
  /** Of what has moved: bytes. */
  readonly by?: number;
}

/** A field of a structure: what it holds in the first image and in the second. */
export interface StructureField {
  readonly field: string;
  readonly from?: string;
  readonly to?: string;
}

/** What fills up is not what has moved. */
const ZEROS = "zeros";
/** Lines that are looked at ahead. */
const MOST_AHEAD = 4096;

/** Tells what differs, in the order of the bytes. Throws `ABORTED` when the signal fires. */
export async function* diffStructures(
  a: OpenedImage,
  b: OpenedImage,
  signal?: AbortSignal,
): AsyncGenerator<StructureChange> {
  const interruption = new Interruption(signal);
  const [first, second] = [new Ahead(dumpOpened(a), interruption), new Ahead(dumpOpened(b), interruption)];
  let shift = 0;
  for (;;) {
    const [x, y] = [await first.peek(), await second.peek()];
    if (x === undefined && y === undefined) return;
    if (x && y && x.what === y.what) {
      first.take();
      second.take();
      const isHere = x.at !== undefined && y.at !== undefined && x.what !== ZEROS;
      const moved = isHere ? y.at! - x.at! : shift;
      if (moved !== shift) yield { change: "moved", place: x.place, what: x.what, by: moved };
      shift = moved;
      const fields = changesOf(x, y);
      if (fields.length > 0) yield { change: "changed", place: x.place, what: x.what, fields };
      continue;
    }
    const [removed, added] = await alonesOf(first, second, x, y);
    for (let count = 0; count < removed; count++) yield alone("removed", first.take());
    for (let count = 0; count < added; count++) yield alone("added", second.take());
  }
}

/** How many lines only the first dump has before both go on with one, and how many the second; `x` and `y` are the next ones. */
async function alonesOf(first: Ahead, second: Ahead, x?: DumpLine, y?: DumpLine): Promise<readonly [number, number]> {
  if (!x || !y) return [x ? 1 : 0, y ? 1 : 0];
  if (x.isNameless || y.isNameless) return [x.isNameless ? 1 : 0, y.isNameless ? 1 : 0];
  const [toX, toY] = [await second.find(x.what), await first.find(y.what)];
  if (toX === undefined) return toY === undefined ? [1, 1] : [toY, 0];
  return toY === undefined || toX <= toY ? [0, toX] : [toY, 0];
}

function alone(change: "added" | "removed", { place, what, text, fields }: DumpLine): StructureChange {
  return { change, place, what, bytes: Number(fields.get("length")), text };
}

function changesOf(a: DumpLine, b: DumpLine): StructureField[] {
  const names = new Set([...a.fields.keys(), ...b.fields.keys()]);
  return [...names].flatMap((field) => {
    const [from, to] = [a.fields.get(field), b.fields.get(field)];
    if (from === to) return [];
    return [{ field, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
  });
}

/** Lines of a dump, of which the next ones can be looked at. */
class Ahead {
  readonly #lines: AsyncIterator<string>;
  #known: DumpLine[] = [];
  #next = 0;
  readonly #interruption: Interruption;

  constructor(lines: AsyncGenerator<string>, interruption: Interruption) {
    this.#lines = lines;
    this.#interruption = interruption;
  }

  /** The line that comes next; undefined at the end. */
  async peek(): Promise<DumpLine | undefined> {
    return (await this.#fill(1)) ? this.#known[this.#next] : undefined;
  }

  take(): DumpLine {
    const line = this.#known[this.#next++]!;
    if (this.#next >= MOST_AHEAD) {
      this.#known = this.#known.slice(this.#next);
      this.#next = 0;
    }
    return line;
  }

  /** How many lines stand in front of one about a structure; undefined: there is none, as far as is looked. */
  async find(what: string): Promise<number | undefined> {
    await this.#fill(MOST_AHEAD);
    const end = Math.min(this.#known.length, this.#next + MOST_AHEAD);
    for (let at = this.#next; at < end; at++) if (this.#known[at]!.what === what) return at - this.#next;
    return undefined;
  }

  /** Has `count` lines known; says whether there are so many. */
  async #fill(count: number): Promise<boolean> {
    while (this.#known.length - this.#next < count) {
      await this.#interruption.check();
      const next = await this.#lines.next();
      if (next.done === true) return false;
      this.#known.push(parseDumpLine(next.value));
    }
    return true;
  }
}
