/** What Node makes none of, and mknod(1) does: devices, FIFOs. */
import { spawnSync } from "node:child_process";
import { showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { systemMessage } from "../../core/node/node-errors.ts";

/**
 * Makes a device or a FIFO with mknod(1). Throws `IO` with what that says.
 *
 * @param at short enough for the system, which may lead through a descriptor of this process
 * @param path its whole path, for messages
 */
export function makeNode(
  at: Buffer,
  path: Buffer,
  kind: "char" | "block" | "fifo",
  { major, minor }: { major: number; minor: number },
) {
  const numbers = kind === "fifo" ? [] : [String(major), String(minor)];
  const letter = { char: "c", block: "b", fifo: "p" }[kind];
  // words of a command are text, and a path is bytes: xargs takes it as it is
  const input = Buffer.concat([forOthers(at), Buffer.from(["", letter, ...numbers, ""].join("\0"))]);
  const { status, error, stderr } = spawnSync("xargs", ["-0", "mknod", "-m", "600", "--"], { input });
  if (status === 0) return;
  const shown = showBytes(path);
  // "mknod: PATH: Operation not permitted"
  const why = error ? systemMessage(error) : stderr.toString().trim().split(": ").at(-1);
  throw new ImageError("IO", `${shown}: mknod: ${why}`, { path: shown });
}

const SELF = "/proc/self/";

/** A path as other programs know it: a descriptor of this process is none of theirs. */
export function forOthers(path: Buffer): Buffer {
  if (!path.subarray(0, SELF.length).equals(Buffer.from(SELF))) return path;
  return Buffer.concat([Buffer.from(`/proc/${process.pid}/`), path.subarray(SELF.length)]);
}
