/** A tar archive of what an image holds. */
import { bytesFromLatin1, latin1FromBytes, showBytes } from "../../core/bytes.ts";
import { kindOfMode } from "../../core/mode.ts";
import { contentsOf, type ImageReader, zeros } from "../../inspect/reader.ts";
import type { WalkedEntry } from "../../inspect/walk.ts";
import { selectEntries } from "./select.ts";
import { TAR_BLOCK, type TarEntry, tarHeader } from "./tar-header.ts";

/** What an archive ends with is padded to so many bytes, as tape drives once wanted it and tar still does. */
const RECORD = 20 * TAR_BLOCK;

/**
 * The bytes of an archive, each piece valid until the next is asked for: directories come before what is in them. Holes are
 * zeros.
 *
 * @param leaveOut is told of what no archive holds
 */
export async function* tarOf(
  reader: ImageReader,
  paths: readonly string[],
  leaveOut: (line: string) => void,
): AsyncGenerator<Uint8Array> {
  const first = new Map<number, string>();
  let written = 0;
  for await (const entry of selectEntries(reader, paths)) {
    const kind = kindOfMode(entry.inode.mode);
    if (kind === undefined || kind === "socket") {
      const what = kind === "socket" ? "is a socket" : `has the mode ${entry.inode.mode.toString(8)}`;
      leaveOut(`${showBytes(bytesFromLatin1(entry.path))}: ${what}, which no tar archive holds`);
      continue;
    }
    const known = kind === "directory" ? undefined : first.get(entry.id);
    // most inodes of a large image have one name, and are not remembered
    if (kind !== "directory" && entry.inode.nlink > 1) first.set(entry.id, known ?? entry.path);
    const described = await describe(reader, entry, kind, known);
    const header = tarHeader(described);
    yield header;
    written += header.length + Math.ceil(described.size / TAR_BLOCK) * TAR_BLOCK;
    if (described.size === 0) continue;
    yield* contentsOf(reader, entry.inode);
    yield* zeros((TAR_BLOCK - (described.size % TAR_BLOCK)) % TAR_BLOCK);
  }
  yield* zeros(2 * TAR_BLOCK + ((RECORD - ((written + 2 * TAR_BLOCK) % RECORD)) % RECORD));
}

async function describe(
  reader: ImageReader,
  { path, inode }: WalkedEntry,
  kind: TarEntry["kind"],
  first: string | undefined,
): Promise<TarEntry> {
  const { mode, uid, gid, mtime, mtimeNsec } = inode;
  const isHardLink = first !== undefined;
  const isDevice = kind === "char" || kind === "block";
  return {
    path: path === "" ? "./" : kind === "directory" ? `${path}/` : path,
    kind,
    ...{ mode, uid, gid, mtime, mtimeNsec, isHardLink },
    size: kind === "file" && !isHardLink ? inode.size : 0,
    target: first ?? (kind === "symlink" ? latin1FromBytes(await reader.target(inode)) : ""),
    ...(isDevice ? reader.device(inode) : { major: 0, minor: 0 }),
    xattrs: isHardLink ? [] : await reader.xattrs(inode),
  };
}
