/**
 * Modes where the host's filesystem holds none: Windows knows a read-only bit, of which Node makes 0666 and 0444, for
 * directories too, so nobody but root could enter them. There a mode follows from what an entry is and how it begins.
 */
import { type BigIntStats, closeSync, constants, openSync, readSync, type Stats } from "node:fs";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, type Tree } from "../../tree/tree.ts";

/** Whether stat(2) tells the modes of this host's files: then nothing else is asked. */
const HOLDS_MODES = process.platform !== "win32";

/** As many bytes as {@link isProgram} looks at. */
const HEAD_BYTES = 8;

/**
 * The mode of what lies at `path`, type bits included; the tree notes where it was decided by rule: 0777 for a link,
 * 0755 for a directory and a program, else 0644.
 */
export function hostMode(stats: Stats | BigIntStats, path: Uint8Array, tree: Tree): number {
  const mode = Number(stats.mode);
  if (HOLDS_MODES) return mode;
  tree.noteRuledMode();
  return modeByRule(mode & S_IFMT, path);
}

/** The rule for what lies at `path` and is of this kind (S_IF…). A file is opened for its first bytes. */
export function modeByRule(kind: number, path: Uint8Array): number {
  if (kind === S_IFLNK) return kind | 0o777;
  const canRun = kind === S_IFDIR || (kind === S_IFREG && isProgram(readHead(path)));
  return kind | (canRun ? 0o755 : 0o644);
}

/** Whether contents begin as a program's or a library's do: ELF, Mach-O, `#!`. */
export function isProgram(head: Uint8Array): boolean {
  if (head[0] === 0x23 && head[1] === 0x21) return true;
  if (head.length < 4) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = view.getUint32(0);
  if (magic === ELF || THIN.has(magic) || THIN.has(view.getUint32(0, true))) return true;
  return FAT.has(magic) && head.length >= HEAD_BYTES && view.getUint32(4) < FIRST_JAVA_VERSION;
}

/** `\x7fELF` */
const ELF = 0x7f454c46;
/** MH_MAGIC and MH_MAGIC_64: mach-o/loader.h; in the machine's own byte order. */
const THIN = new Set([0xfeedface, 0xfeedfacf]);
/** FAT_MAGIC and FAT_MAGIC_64: mach-o/fat.h; always big-endian, a number of architectures follows. */
const FAT = new Set([0xcafebabe, 0xcafebabf]);
/** Classes of Java begin with FAT_MAGIC too; where a fat binary counts its architectures they have their version. */
const FIRST_JAVA_VERSION = 45;

function readHead(path: Uint8Array): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  const descriptor = openSync(path as Buffer, constants.O_RDONLY);
  try {
    return head.subarray(0, readSync(descriptor, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}
