/** Extended attributes of what has been made, which Node has no call for: setfattr(1) sets them, some MB at a time. */
import { spawnSync } from "node:child_process";
import { systemCode, systemMessage } from "../../core/node/node-errors.ts";
import type { ImageXattr } from "../../inspect/reader.ts";
import { isLongPath, withShortPath } from "../../stage/source/disk/node-paths.ts";
import { forOthers } from "./node-specials.ts";

/** Bytes of text that a process is given at most, unless one entry takes more. */
const BATCH_BYTES = 4 << 20;

/** Sets attributes of entries in a folder. */
export class AttributeSetter {
  readonly #folder: string;
  #parts: string[] = [];
  #bytes = 0;
  /** Entries that did not get all of theirs, and what was said of the first. */
  #failed = 0;
  #why: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Sets those of an entry, now or later, at its path from the folder as latin1. */
  add(path: string, xattrs: readonly ImageXattr[]): void {
    if (xattrs.length === 0) return;
    const whole = Buffer.concat([Buffer.from(`${this.#folder}/`), Buffer.from(path, "latin1")]);
    if (isLongPath(whole)) {
      this.#flush();
      withShortPath(whole, (short) => this.#restore(textOf(forOthers(short).toString("latin1"), xattrs)));
      return;
    }
    const text = textOf(path === "" ? "." : path, xattrs);
    if (this.#bytes + text.length > BATCH_BYTES) this.#flush();
    this.#parts.push(text);
    this.#bytes += text.length;
  }

  /** Sets all that are left; gives what went wrong, undefined: nothing. */
  end(): string | undefined {
    this.#flush();
    if (this.#failed === 0) return undefined;
    const more = this.#failed === 1 ? "" : `, and ${this.#failed - 1} more`;
    return `extended attributes of ${this.#failed} ${this.#failed === 1 ? "entry" : "entries"}: ${this.#why}${more}`;
  }

  #flush(): void {
    if (this.#bytes > 0) this.#restore(this.#parts.join(""));
    this.#parts = [];
    this.#bytes = 0;
  }

  #restore(text: string): void {
    const input = Buffer.from(text, "latin1");
    // a line for each attribute that it could not set: it is not to be ended for their number
    const options = { cwd: this.#folder, input, maxBuffer: Number.POSITIVE_INFINITY };
    const { status, error, stderr } = spawnSync("setfattr", ["-h", "--restore=-"], options);
    if (status === 0) return;
    const entries = text.match(/^# file: /gm)!.length;
    if (error) {
      const isMissing = systemCode(error) === "ENOENT";
      this.#fail(entries, isMissing ? "there is no setfattr, which sets them" : systemMessage(error));
      return;
    }
    const lines = stderr.toString().trim().split("\n");
    // "setfattr: PATH: Permission denied": those of one entry come one after another
    const paths = lines.map((line) => line.slice(0, line.lastIndexOf(": ")));
    this.#fail(paths.filter((path, index) => path !== paths[index - 1]).length, lines[0] || "setfattr failed");
  }

  #fail(entries: number, why: string): void {
    this.#failed += entries;
    this.#why ??= why;
  }
}

/** Attributes of an entry as setfattr takes them with `--restore`. */
function textOf(path: string, xattrs: readonly ImageXattr[]): string {
  const lines = xattrs.map(({ name, value }) => {
    // of 0s without more it would make no value, but an error
    const text = value.length === 0 ? '""' : `0s${Buffer.from(value).toString("base64")}`;
    return `${escapeName(Buffer.from(name).toString("latin1"))}=${text}\n`;
  });
  return `# file: ${escapeName(path)}\n${lines.join("")}\n`;
}

/** Bytes that getfattr would write as `\ooo`. */
function escapeName(text: string): string {
  return text.replace(/[^\x21-\x5b\x5d-\x7e]|=/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
