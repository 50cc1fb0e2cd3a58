/** `ts-imagefs diff`: what two images differ in. */
import { areSameBytes } from "../../../inspect/diff/contents.ts";
import { diffEntries, type EntryChange } from "../../../inspect/diff/entries.ts";
import { diffStructures, type StructureChange } from "../../../inspect/diff/structures.ts";
import { readerOf } from "../../../inspect/open-image.ts";
import { formatName } from "../../shared/value.ts";
import type { Look } from "../settings.ts";
import { JsonList } from "./json-list.ts";
import { withImage } from "./open.ts";
import { showName } from "./show.ts";

/** Differences that are told without --limit. */
const USUAL_LIMIT = 1000;

/** Prints entries, then structures, a difference a line; gives 1 where there is one. */
export const diff: Look = ({ settings, operands: [a = "", b = ""] }, { out, signal, version }) =>
  withImage(a, settings, signal, (first) =>
    withImage(b, settings, signal, async (second) => {
      const { limit = USUAL_LIMIT, json, entriesOnly } = settings;
      const formats = [first.format, second.format] as const;
      const isAcross = formats[0] !== formats[1];
      const list = json ? new JsonList(out, { version, images: [a, b], formats }, "entries") : undefined;
      if (!json && isAcross) {
        const [one, other] = formats.map(formatName);
        await out.write(`one is ${one}, the other ${other}: only entries are compared\n`);
      }
      const more = { entries: 0, structures: 0 };
      const structures: StructureChange[] = [];
      let count = 0;
      const isSame = !isAcross && (await areSameBytes(first.bytes, second.bytes, signal));
      if (!isSame) {
        for await (const change of diffEntries(readerOf(first), readerOf(second), { isAcross, signal })) {
          if (++count > limit) more.entries++;
          else await (list ? list.add(change) : out.write(entryLine(change)));
        }
        if (!list) await out.write(moreLine(more.entries, "entries"));
      }
      if (!isSame && !isAcross && entriesOnly !== true) {
        let shown = 0;
        for await (const change of diffStructures(first, second, signal)) {
          count++;
          if (++shown > limit) more.structures++;
          else if (list) structures.push(change);
          else await out.write(structureLine(change));
        }
        if (!list) await out.write(moreLine(more.structures, "structures"));
      }
      await list?.end({ structures, more, equal: count === 0 });
      return count === 0 ? 0 : 1;
    }),
  );

function moreLine(count: number, what: string): string {
  return count === 0 ? "" : `and ${count} more ${what}\n`;
}

function entryLine(change: EntryChange): string {
  const path = showName(change.path) || "/";
  if (change.change !== "changed") {
    const below = change.below === 0 ? "" : `, with ${change.below} below it`;
    return `${change.change} ${path}: ${change.kind}${below}\n`;
  }
  const fields = change.fields.map(({ field, from, to }) =>
    field === "contents"
      ? `contents from byte ${from} on`
      : `${showName(field)} ${showValue(from)} -> ${showValue(to)}`,
  );
  return `changed ${path}: ${fields.join(", ")}\n`;
}

function structureLine({ change, place, what, fields = [], bytes, text, by = 0 }: StructureChange): string {
  if (change === "moved") return `${place} ${what}: from here on ${showShift(by)}\n`;
  if (change !== "changed") return `${place} ${change} ${bytes} bytes: ${text}\n`;
  const texts = fields.map(({ field, from, to }) => `${field} ${showValue(from)} -> ${showValue(to)}`.trimStart());
  return `${place} ${what}: ${texts.join(", ")}\n`;
}

function showShift(bytes: number): string {
  if (bytes === 0) return "all is where it was";
  return `all is ${Math.abs(bytes)} bytes ${bytes > 0 ? "behind" : "in front of"} where it was`;
}

function showValue(value: string | number | undefined): string {
  return value === undefined ? "none" : showName(`${value}`);
}
