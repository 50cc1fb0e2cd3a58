/**
 * Registrations, as `nix-store --dump-db` and closureInfo write them and `nix-store --load-db` takes them, and the graphs of
 * exportReferencesGraph, which are the same without hash and size:
 *
 *     /nix/store/…-hello-2.10
 *     sha256:1b4sb93wp679q4zx9k1ignby1yna3z7c4c2ri3wphylbc2dwsys0    a registration only; --dump-db: 64 hex digits
 *     208648                                                         a registration only: bytes of the NAR
 *     /nix/store/…-hello-2.10.drv                                    or nothing
 *     2                                                              how many references follow
 *     /nix/store/…-glibc-2.27
 *     /nix/store/…-hello-2.10
 */
import { ImageError } from "../../../../core/error.ts";
import { excerpt } from "../../../../core/excerpt.ts";
import { type KnownPath, sorted } from "../known-path.ts";
import { checkStorePath, parseSha256 } from "../nix-hash.ts";
import type { PathInfo } from "../path-info.ts";

/**
 * Reads a registration, or a graph. Throws `INPUT` naming the line.
 *
 * @param text the file, latin1
 * @param name what messages call it
 */
export function parseRegistration(text: string, name: string, hasHashes: boolean): KnownPath[] {
  const lines = new LineReader(text, name);
  const known: KnownPath[] = [];
  for (let path = lines.nextPath(); path !== undefined; path = lines.nextPath()) {
    const { line } = lines;
    const hash = hasHashes ? lines.hash() : undefined;
    const narSize = hasHashes ? lines.number("size of a NAR") : undefined;
    const deriver = lines.optionalPath();
    const count = lines.number("number of references");
    const references: string[] = [];
    for (let index = 0; index < count; index++) references.push(lines.path());
    known.push({ path, line, narHash: hash, narSize, deriver, references: sorted(references) });
  }
  return known;
}

/** Writes a registration, in the exact form that `nix-store --load-db` takes. */
export function formatRegistration(infos: Iterable<PathInfo>): string {
  let text = "";
  for (const { path, narHash, narSize, deriver = "", references } of infos) {
    text += `${path}\n${narHash}\n${narSize}\n${deriver}\n${references.length}\n`;
    for (const reference of references) text += `${reference}\n`;
  }
  return text;
}

/** Goes through the lines of a file. */
class LineReader {
  readonly #text: string;
  readonly #name: string;
  #at = 0;
  /** The number of the line that was read last. */
  line = 0;

  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
  }

  /** The next store path behind blank lines; undefined at the end. */
  nextPath(): string | undefined {
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      if (line !== "") return checkStorePath(line, this.#where, this.#name);
    }
    return undefined;
  }

  path(): string {
    return checkStorePath(this.#needed("store path"), this.#where, this.#name);
  }

  optionalPath(): string | undefined {
    const line = this.#needed("deriver");
    return line === "" ? undefined : checkStorePath(line, this.#where, this.#name);
  }

  hash(): string {
    const line = this.#needed("hash");
    return parseSha256(line) ?? this.#refuse(line, "SHA-256");
  }

  number(what: string): number {
    const line = this.#needed(what);
    const value = /^\d{1,15}$/.test(line) ? Number(line) : undefined;
    return value ?? this.#refuse(line, what);
  }

  get #where(): string {
    return `${this.#name}:${this.line}`;
  }

  #needed(what: string): string {
    const line = this.#next();
    if (line !== undefined) return line;
    throw new ImageError("INPUT", `${this.#where}: ends where a ${what} is to follow`, { path: this.#name });
  }

  #refuse(line: string, what: string): never {
    throw new ImageError("INPUT", `${this.#where}: ${excerpt(line)} is no ${what}`, { path: this.#name });
  }

  #next(): string | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const newline = this.#text.indexOf("\n", this.#at);
    const end = newline < 0 ? this.#text.length : newline;
    const line = this.#text.slice(this.#at, end).trimEnd();
    this.#at = end + 1;
    this.line++;
    return line;
  }
}
