/** Tar archives read, and staged, from memory. */
import { expect } from "vitest";
import { ArchiveInput } from "../../../src/stage/source/archive/archive-input.ts";
import { MemberTree } from "../../../src/stage/source/archive/member-tree.ts";
import { type TarMember, TarReader } from "../../../src/stage/source/archive/tar/tar-reader.ts";
import { resolvePolicy, type StageOptions } from "../../../src/stage/tree/policy.ts";
import { Tree } from "../../../src/stage/tree/tree.ts";
import { TAR_END } from "./make-tar.ts";

/** Gives bytes in pieces of any size. */
function inPieces(bytes: Uint8Array, piece: number) {
  let at = 0;
  return {
    next() {
      if (at === bytes.length) return undefined;
      const part = bytes.slice(at, at + piece);
      at += part.length;
      return part;
    },
  };
}

/** All members of an archive that comes in pieces. */
export async function readTar(archive: Uint8Array, piece = 1 << 16, ignoreZeros = false): Promise<TarMember[]> {
  const input = new ArchiveInput(inPieces(archive, piece));
  const reader = new TarReader(input, "a.tar", { ignoreZeros, headersOnly: false });
  const members: TarMember[] = [];
  for (let member = await reader.next(); member; member = await reader.next()) members.push({ ...member });
  return members;
}

/** An archive of members. */
export const tar = (...parts: Buffer[]) => Buffer.concat([...parts, TAR_END]);
/** The first member of an archive. */
export const readOne = async (...parts: Buffer[]) => (await readTar(tar(...parts)))[0]!;
/** Bytes, one a character. */
export const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("latin1");

/** The paths of the tree that an archive comes to, each with its mode, owner, time, size and what it leads to. */
export async function stageTar(archive: Uint8Array, options: StageOptions = {}): Promise<string[]> {
  const tree = Tree.create();
  const members = new MemberTree(tree, resolvePolicy(options, false), []);
  members.startArchive("a.tar");
  for (const member of await readTar(archive)) members.add(member);
  members.finish();
  const lines: string[] = [];
  const list = (entry: number, path: string) => {
    const kind = tree.mode.view[entry]!.toString(8);
    const owner = `${tree.uid.view[entry]}:${tree.gid.view[entry]}`;
    const link = kind.startsWith("120") ? ` -> ${text(tree.target(entry))}` : "";
    lines.push(`${path} ${kind} ${owner} ${tree.mtime.view[entry]} ${tree.size.view[entry]}${link}`);
    if (!kind.startsWith("40")) return;
    const first = tree.ref.view[entry]!;
    for (let child = first; child < first + tree.count.view[entry]!; child++) {
      expect(tree.parent.view[child]).toBe(entry);
      list(child, `${path === "/" ? "" : path}/${text(tree.name(child))}`);
    }
  };
  list(0, "/");
  return lines;
}
