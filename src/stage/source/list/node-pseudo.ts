/** Pseudo file definitions as files, and the contents of what they define: `R` has it behind them, `f` has a shell make it. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { ImageError } from "../../../core/error.ts";
import { systemMessage } from "../../../core/node/node-errors.ts";
import { SpillFile } from "../../../core/node/node-spill.ts";
import type { Accounts } from "./accounts.ts";
import { type PseudoEntry, parsePseudoFile } from "./pseudo.ts";

/** Definitions, and the file that the contents of their `R` entries lie in. */
export interface PseudoFile {
  entries: readonly PseudoEntry[];
  /** The file, or the bytes of what is none, and where in it the contents begin. */
  data: { source: string | Uint8Array; start: number } | undefined;
}

/** What stands between the definitions and the contents, as unsquashfs writes it; two bytes follow. */
const MARKER = "# START OF DATA - DO NOT MODIFY\n";
const READ_BYTES = 1 << 20;

/** Reads a file of definitions; `-` is standard input. Throws `INPUT` naming it, or its line. */
export function readPseudoFile(path: string, accounts: Accounts): PseudoFile {
  const source = path === "-" ? attempt(path, () => readFileSync(0)) : path;
  const head = typeof source === "string" ? readHead(source) : source;
  const at = Buffer.from(head.buffer, head.byteOffset, head.length).indexOf(MARKER);
  const entries = parsePseudoFile(at < 0 ? head : head.subarray(0, at), path, accounts);
  const withData = entries.find(({ data }) => data !== undefined);
  if (withData && at < 0) throw new ImageError("INPUT", `${withData.where}: no data stands behind the definitions`);
  return { entries, data: at < 0 ? undefined : { source, start: at + MARKER.length + 2 } };
}

/** A file up to its marker: what stands behind it may be as large as an image. */
function readHead(path: string): Uint8Array {
  return attempt(path, () => {
    const file = openSync(path, "r");
    try {
      let head = Buffer.alloc(0);
      const chunk = Buffer.alloc(READ_BYTES);
      for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) {
        const before = Math.max(0, head.length - MARKER.length);
        head = Buffer.concat([head, chunk.subarray(0, got)]);
        if (head.indexOf(MARKER, before) >= 0) break;
      }
      return head;
    } finally {
      closeSync(file);
    }
  });
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}

/** Copies the contents of an `R` entry to a file. Throws `INPUT` where there are not so many. */
export function copyData(
  { source, start }: NonNullable<PseudoFile["data"]>,
  { data, where }: PseudoEntry,
  to: string,
): void {
  const from = start + data!.offset;
  const read = typeof source === "string" ? openSync(source, "r") : undefined;
  const file = new SpillFile(to);
  try {
    for (let done = 0; done < data!.length; ) {
      const count = Math.min(READ_BYTES, data!.length - done);
      const bytes =
        read === undefined ? (source as Uint8Array).subarray(from + done, from + done + count) : Buffer.alloc(count);
      const got = read === undefined ? bytes.length : readSync(read, bytes, 0, count, from + done);
      if (got === 0) throw new ImageError("INPUT", `${where}: the data ends before these contents do`);
      file.writeAt(bytes.subarray(0, got), done);
      done += got;
    }
  } finally {
    file.release();
    if (read !== undefined) closeSync(read);
  }
}

/** Has a file filled with what a shell's command writes to its standard output. Throws `INPUT` where that fails. */
export function runCommand({ command, where }: PseudoEntry, to: string): void {
  const text = Buffer.from(command!, "latin1").toString();
  const out = openSync(to, "w");
  const ended = spawnSync("/bin/sh", ["-c", text], { stdio: ["ignore", out, "inherit"] });
  closeSync(out);
  if (ended.error) throw new ImageError("INPUT", `${where}: ${text}: ${ended.error.message}`, { cause: ended.error });
  const how = ended.signal === null ? `status ${ended.status}` : ended.signal;
  if (ended.status !== 0) throw new ImageError("INPUT", `${where}: ${text}: ended with ${how}`);
}
