/** The differences that a comparison finds, as lines to read. */
import { fromNs } from "./entry.ts";

/** Thrown when enough differences are known; {@link Report.collect} catches it. */
export class Enough extends Error {}

/** Gathers differences up to a limit. */
export class Report {
  readonly #differences: string[] = [];
  readonly #limit: number;

  constructor(limit = 50) {
    this.#limit = limit;
  }

  /** Runs a comparison to its end, or until there are enough differences; returns them. */
  collect(compare: () => void): string[] {
    try {
      compare();
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    return this.#differences;
  }

  /** Notes a difference of the entry at a latin1 path. */
  add(path: string, message: string): void {
    this.#differences.push(`${showPath(path)}: ${message}`);
    if (this.#differences.length >= this.#limit) throw new Enough();
  }

  /** Notes that something is not as expected; undefined is not compared. */
  expect(path: string, what: string, actual: unknown, expected: unknown): void {
    if (expected !== undefined && actual !== expected) this.add(path, `${what} ${actual}, expected ${expected}`);
  }
}

/** A latin1 string for people: UTF-8 where all of it is printable, else `\xNN`. */
export function show(text: string): string {
  const decoded = Buffer.from(text, "latin1").toString("utf8");
  if (!/[\p{C}\\\ufffd]/u.test(decoded)) return decoded;
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** A path with its long names cut, each with its length. */
export function showPath(path: string): string {
  const cut = (name: string) => (name.length <= 80 ? show(name) : `${show(name.slice(0, 24))}…(${name.length} bytes)`);
  return path === "" ? "(top)" : path.split("/").map(cut).join("/");
}

/** The start of a long text, with its length. */
export function shorten(text: string | undefined): string {
  if (text === undefined) return "absent";
  return text.length <= 80 ? text || "empty" : `${text.slice(0, 60)}… (${text.length} characters)`;
}

/** A mode as it is written in C. */
export function octal(mode: number | undefined): string | undefined {
  return mode === undefined ? undefined : `0${mode.toString(8)}`;
}

/** A time in words. */
export function showTime(ns: bigint | undefined): string | undefined {
  if (ns === undefined) return undefined;
  const { sec, nsec } = fromNs(ns);
  return `${sec} s + ${nsec} ns`;
}
