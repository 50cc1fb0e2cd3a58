/** Images in which fields are changed, and what readers and verifying say of them. */
import { expect } from "vitest";
import type { ByteSource } from "../../../src/core/byte-source.ts";
import { StructView } from "../../../src/core/struct.ts";
import { dumpImage } from "../../../src/inspect/dump.ts";
import { openReader, readerOf } from "../../../src/inspect/open-image.ts";
import { checkStructure } from "../../../src/inspect/verify/check.ts";
import { PieceDecoder } from "../../../src/inspect/verify/decode-pieces.ts";
import type { Finding } from "../../../src/inspect/verify/finding.ts";
import { countStored, pieceOf, StoredPieces } from "../../../src/inspect/verify/stored-pieces.ts";
import { walkImage } from "../../../src/inspect/walk.ts";

/** Bytes in front of what a metadata block of SquashFS holds. */
const META_HEADER = 2;

/** An image that is to be changed; one of SquashFS must have metadata that is not compressed. */
export class Patchable {
  readonly bytes: Uint8Array;
  readonly view: StructView;
  /** Lines of its dump with the places of what they tell. */
  readonly #lines: readonly { readonly at: number; readonly text: string }[];

  private constructor(bytes: Uint8Array, lines: readonly { at: number; text: string }[]) {
    this.bytes = bytes;
    this.view = new StructView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#lines = lines;
  }

  static async of(bytes: Uint8Array): Promise<Patchable> {
    const lines: { at: number; text: string }[] = [];
    let block = 0;
    for await (const line of dumpImage(bytes)) {
      const [, whole, inner, text = ""] = /^(?:(0x[0-9a-f]+)| +\d+:(\d+)) +\d+ {2}(.*)$/.exec(line) ?? [];
      if (whole !== undefined) block = Number(whole) + META_HEADER;
      lines.push({ at: whole === undefined ? block + Number(inner) : Number(whole), text });
    }
    return new Patchable(bytes, lines);
  }

  /** Where the line stands that a pattern fits; behind one that another fits. */
  place(pattern: RegExp, behind = /^/): number {
    const from = this.#lines.findIndex(({ text }) => behind.test(text));
    const line = this.#lines.slice(from).find(({ text }) => pattern.test(text));
    if (from < 0 || line === undefined) throw new Error(`there is no ${pattern} behind ${behind}`);
    return line.at;
  }

  /** A copy in which something is changed. */
  changed(change: (view: StructView, bytes: Uint8Array) => void): Uint8Array {
    const bytes = this.bytes.slice();
    change(new StructView(bytes.buffer), bytes);
    return bytes;
  }
}

/** Reads all that is in an image. */
export async function readAll(image: Uint8Array): Promise<void> {
  const reader = readerOf(await openReader(image));
  for await (const { inode } of walkImage(reader)) {
    await reader.xattrs(inode);
    const kind = inode.mode & 0o170000;
    if (kind === 0o120000) await reader.target(inode);
    if (kind !== 0o100000) continue;
    for await (const piece of reader.pieces(inode)) if (!piece) throw new Error("there is a piece that is none");
  }
}

/** What verifying finds, with all data that is decoded. */
export async function findFaults(image: Uint8Array, devices: readonly ByteSource[] = []): Promise<readonly Finding[]> {
  const opened = await openReader(image, devices);
  const pieces = new StoredPieces();
  const { findings, showOwner } = await checkStructure(opened, pieces);
  const rows = pieces.sorted();
  await new PieceDecoder(opened).decode(rows, 0, countStored(rows), (index, { message }) =>
    findings.add({ path: showOwner(pieceOf(rows, index).owner), message }),
  );
  return findings.list;
}

/** Readers refuse an image for that reason, and verifying tells it of that path. */
export async function expectFault(image: Uint8Array, path: string, message: RegExp): Promise<void> {
  await expect(readAll(image)).rejects.toMatchObject({ name: "ImageError", code: "DAMAGED" });
  await expect(readAll(image)).rejects.toThrow(message);
  const found = (await findFaults(image)).filter((finding) => message.test(finding.message));
  expect(found.map((finding) => finding.path)).toContain(path);
}
