/** Where the fields of an image's structures are, by what its dump says. */

import { type StructShape, structName } from "../../src/core/struct.ts";
import * as algorithms from "../../src/erofs/disk/algorithms.ts";
import * as erofs from "../../src/erofs/disk/format.ts";
import { dumpImage } from "../../src/inspect/dump.ts";
import * as squashfs from "../../src/squashfs/disk/format.ts";

/** A field. */
export interface Field {
  readonly name: string;
  readonly at: number;
  /** Bytes. */
  readonly size: number;
}

/** Offsets and sizes of fields, by the names of structures. */
const SHAPES = new Map<string, Field[]>();
for (const shape of [...Object.values(erofs), ...Object.values(squashfs), ...Object.values(algorithms)]) {
  if (typeof shape === "object" && shape !== null && "byteSize" in shape) addShape(shape as unknown as StructShape);
}

function addShape(shape: StructShape): void {
  const offsets = Object.entries(shape).filter(([name]) => name !== "byteSize") as [string, number][];
  offsets.sort(([, a], [, b]) => a - b);
  const fields = offsets.map(([name, at], index) => ({
    name,
    at,
    size: (offsets[index + 1]?.[1] ?? shape.byteSize) - at,
  }));
  SHAPES.set(structName(shape), fields);
}

/** What it has, and what is no structure with fields but names and numbers too. */
export interface Fields {
  readonly fields: readonly Field[];
  readonly ranges: readonly Field[];
}

/** All fields; of metadata that is compressed none has a place. */
export async function findFields(image: Uint8Array): Promise<Fields> {
  const fields: Field[] = [];
  const ranges: Field[] = [];
  /** Where the block of metadata begins whose structures are told; undefined where it is compressed. */
  let block: number | undefined;
  for await (const line of dumpImage(image)) {
    const whole = /^0x([0-9a-f]+) +(\d+) {2}(.*)$/.exec(line);
    const inner = /^ +\d+:(\d+) +(\d+) {2}(.*)$/.exec(line);
    if (whole !== null) {
      const at = Number.parseInt(whole[1]!, 16);
      block = / as they are/.test(line) ? at + squashfs.META_HEADER.byteSize : undefined;
      if (whole[3]!.startsWith("metadata block"))
        fields.push({ name: "header", at, size: squashfs.META_HEADER.byteSize });
      add(whole[3]!, at, Number(whole[2]));
    } else if (inner !== null && block !== undefined) add(inner[3]!, block + Number(inner[1]), Number(inner[2]));
  }
  return { fields, ranges };

  function add(text: string, at: number, length: number): void {
    // the longest name that it begins with
    const [name] = [...SHAPES.keys()].filter((known) => text.startsWith(known)).sort((a, b) => b.length - a.length);
    const isContents = /^(data|tail|zeros|unknown|fragment block|metadata block)/.test(text);
    if (name === undefined) {
      if (!isContents && at + length <= image.length) ranges.push({ name: text, at, size: length });
      return;
    }
    const shape = SHAPES.get(name)!;
    const count = Number(/^[^:]* x(\d+): /.exec(text)?.[1] ?? 1);
    for (let index = 0; index < count; index++) {
      const from = at + Math.floor((length / count) * index);
      for (const field of shape) {
        if (from + field.at + field.size <= image.length) fields.push({ ...field, at: from + field.at });
      }
    }
  }
}
