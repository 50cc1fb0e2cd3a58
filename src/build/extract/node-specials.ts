/** What Node makes none of, and other programs do: devices, FIFOs, extended attributes. */
import { spawnSync } from "node:child_process";
import { showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { systemCode, systemMessage } from "../../core/node/node-errors.ts";
import type { ImageXattr } from "../../inspect/reader.ts";

/** Makes a device or a FIFO with mknod(1). Throws `IO` with what that says. */
export function makeNode(
  at: Buffer,
  kind: "char" | "block" | "fifo",
  { major, minor }: { major: number; minor: number },
) {
  const numbers = kind === "fifo" ? [] : [String(major), String(minor)];
  const letter = { char: "c", block: "b", fifo: "p" }[kind];
  // words of a command are text, and a path is bytes: xargs takes it as it is
  const input = Buffer.concat([at, Buffer.from(["", letter, ...numbers, ""].join("\0"))]);
  const { status, error, stderr } = spawnSync("xargs", ["-0", "mknod", "-m", "600", "--"], { input });
  if (status === 0) return;
  const path = showBytes(at);
  // "mknod: PATH: Operation not permitted"
  const why = error ? systemMessage(error) : stderr.toString().trim().split(": ").at(-1);
  throw new ImageError("IO", `${path}: mknod: ${why}`, { path });
}

/** Attributes of entries as setfattr(1) takes them with `--restore`. */
export class AttributeList {
  readonly #parts: string[] = [];
  /** Entries that have some. */
  count = 0;

  /** Adds those of an entry, at its path from the folder. */
  add(path: string, xattrs: readonly ImageXattr[]): void {
    if (xattrs.length === 0) return;
    this.count++;
    const lines = xattrs.map(({ name, value }) => {
      const text = Buffer.from(name).toString("latin1");
      return `${escapeName(text)}=0s${Buffer.from(value).toString("base64")}\n`;
    });
    this.#parts.push(`# file: ${escapeName(path === "" ? "." : path)}\n${lines.join("")}\n`);
  }

  /** Sets them in a folder; gives what went wrong, undefined: nothing. */
  restore(folder: string): string | undefined {
    if (this.count === 0) return undefined;
    const input = Buffer.from(this.#parts.join(""), "latin1");
    // a line for each that it could not set: it is not to be ended for their number
    const options = { cwd: folder, input, maxBuffer: Number.POSITIVE_INFINITY };
    const { status, error, stderr } = spawnSync("setfattr", ["-h", "--restore=-"], options);
    if (status === 0) return undefined;
    if (systemCode(error) === "ENOENT") return "there is no setfattr, which sets them";
    const [first = "", ...more] = error ? [systemMessage(error)] : stderr.toString().trim().split("\n");
    return `${first || "setfattr failed"}${more.length === 0 ? "" : `, and ${more.length} more`}`;
  }
}

/** Bytes that getfattr would write as `\ooo`. */
function escapeName(text: string): string {
  return text.replace(/[^\x21-\x5b\x5d-\x7e]|=/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
