/** Reads manifests: each entry with its defaults, or an error that names it. */

import { bytesFromLatin1, encodeUtf8, latin1FromBytes, showBytes } from "../../../../core/bytes.ts";
import { type ErrorCode, ImageError } from "../../../../core/error.ts";
import { excerpt } from "../../../../core/excerpt.ts";
import { record, showValue } from "../../../../core/options/checks.ts";
import { decodeBase64 } from "../../../text/base64.ts";
import { parseIsoTime } from "../../../text/iso-time.ts";
import { parseJson } from "../../../text/json-text.ts";
import { MAX_ID } from "../../../tree/policy.ts";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../../../tree/tree.ts";
import type { Xattr } from "../../../tree/xattrs.ts";
import { KINDS, wholeTime } from "../../entry.ts";
import {
  MANIFEST,
  MANIFEST_BYTES,
  MANIFEST_ENTRY,
  type Manifest,
  type ManifestBytes,
  type ManifestEntry,
} from "./manifest.ts";

/** An entry of a manifest with all its defaults; strings are latin1. */
export interface ManifestItem {
  /** For messages: the manifest, and the entry in it. */
  where: string;
  /** The path as `where` names it. */
  shown: string;
  /** Without slashes and dots that mean nothing; the root is `""`. */
  path: string;
  isHardLink: boolean;
  /** st_mode, type bits included. */
  mode: number;
  uid: number;
  gid: number;
  /** Undefined: the time of the build. */
  mtime: { sec: number; nsec: number } | undefined;
  target: string;
  major: number;
  minor: number;
  xattrs: readonly Xattr[];
  source: string;
  contents: Uint8Array | undefined;
  sparse: boolean | undefined;
}

/** The version that is read. */
const VERSION = 1;
const MANIFEST_CHECK = record("key of a manifest", MANIFEST);
const ENTRY_CHECK = record("key of an entry", MANIFEST_ENTRY);

/** Keys that only some kinds of entries have. A hard link has what it names has, whatever it says itself. */
const KEY_KINDS: readonly (readonly [key: keyof ManifestEntry, kinds: readonly string[]])[] = [
  ["target", ["symlink"]],
  ["source", ["file"]],
  ["contents", ["file"]],
  ["sparse", ["file"]],
  ["major", ["char", "block"]],
  ["minor", ["char", "block"]],
];

/** Parses the text of a manifest. Throws `INPUT` naming the line. @param name what messages call the file */
export function parseManifest(bytes: Uint8Array, name: string): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ImageError("INPUT", `${name}: is no UTF-8, as JSON has to be`, { path: name, cause });
  }
  return parseJson(text, name);
}

/** The entries of a manifest, one after another. Throws `INPUT` for what is none. @param name what messages call it */
export function* readManifest(given: unknown, name: string): Generator<ManifestItem> {
  const refuse = (why: string) => new ImageError("INPUT", `${name}: ${why}`, { path: name });
  const version: unknown = (given as Partial<Manifest> | null)?.version;
  // another version may have other keys
  if (version !== undefined && version !== VERSION) {
    throw refuse(`version: ${showValue(version)} is not ${VERSION}, the only one that is known`);
  }
  const fault = MANIFEST_CHECK.find(given);
  if (fault) throw refuse(`${fault.at === "" ? "" : `${fault.at.slice(1)}: `}${fault.why}`);
  const { entries } = given as Manifest;
  if (!Array.isArray(entries)) throw refuse(`entries: ${showValue(entries)} is not an array of entries`);
  const indexes = new Map<string, number>();
  for (let index = 0; index < entries.length; index++) {
    const item = new EntryReader(name, index).read(entries[index] as ManifestEntry);
    const first = indexes.get(item.path);
    if (first !== undefined) {
      throw new ImageError("INPUT", `${item.where}: /entries/${first} has this path too`, { path: name });
    }
    indexes.set(item.path, index);
    yield item;
  }
}

/** What a path of the image, a latin1 string, is called in messages. */
function showPath(path: string): string {
  return path === "" ? "the root" : showBytes(bytesFromLatin1(path));
}

class EntryReader {
  readonly #name: string;
  readonly #pointer: string;
  /** The path, once it is known. */
  #shown = "";

  constructor(name: string, index: number) {
    this.#name = name;
    this.#pointer = `${name}: /entries/${index}`;
  }

  read(entry: ManifestEntry): ManifestItem {
    const path: unknown = (entry as Partial<ManifestEntry> | null)?.path;
    if (typeof path === "string" && path !== "") this.#shown = excerpt(path).slice(1, -1);
    const fault = ENTRY_CHECK.find(entry);
    if (fault) throw this.#refuse(`${fault.at === "" ? "" : `${fault.at.slice(1)}: `}${fault.why}`);
    const names = this.#splitPath("path", entry.path);
    this.#shown = showPath(names);
    const { kind = "file" } = entry;
    this.#checkKeys(entry, kind);
    const isHardLink = kind === "hardlink";
    const type = isHardLink ? S_IFREG : KINDS[kind];
    if (names === "" && type !== S_IFDIR) throw this.#refuse('kind: the root must be a "directory"');
    return {
      ...{ where: this.#where, shown: this.#shown, path: names, isHardLink, target: this.#target(entry, kind) },
      mode: type | this.#mode(entry.mode, type),
      uid: this.#integer("uid", entry.uid, MAX_ID),
      gid: this.#integer("gid", entry.gid, MAX_ID),
      mtime: entry.mtime === undefined ? undefined : this.#time(entry.mtime),
      major: this.#integer("major", entry.major, 0xfff),
      minor: this.#integer("minor", entry.minor, 0xfffff),
      xattrs: Object.entries(entry.xattrs ?? {}).map(([name, value]) => this.#xattr(name, value)),
      source: entry.source === undefined ? names : this.#text("source", entry.source),
      contents: entry.contents === undefined ? undefined : this.#bytes("contents", entry.contents),
      sparse: entry.sparse,
    };
  }

  get #where(): string {
    return this.#shown === "" ? this.#pointer : `${this.#pointer} (${this.#shown})`;
  }

  #refuse(why: string, code: ErrorCode = "INPUT"): ImageError {
    return new ImageError(code, `${this.#where}: ${why}`, { path: this.#name });
  }

  #checkKeys(entry: ManifestEntry, kind: string): void {
    if (kind === "hardlink") return;
    for (const [key, kinds] of KEY_KINDS) {
      if (entry[key] === undefined || kinds.includes(kind)) continue;
      throw this.#refuse(`${key}: is for kind ${kinds.join(" and ")}, not ${kind}`);
    }
    if (entry.source !== undefined && entry.contents !== undefined) {
      throw this.#refuse("contents: are those of source already");
    }
  }

  #bytes(key: string, value: ManifestBytes): Uint8Array {
    if (value instanceof Uint8Array) return value;
    if (typeof value === "object") {
      const bytes = decodeBase64(value.base64);
      if (bytes === undefined) throw this.#refuse(`${key}: ${showValue(value.base64)} is no base 64 with its padding`);
      return bytes;
    }
    // half a character would become another one
    if (/\p{Surrogate}/u.test(value)) throw this.#refuse(`${key}: ${showValue(value)} is no text of Unicode`);
    return encodeUtf8(value);
  }

  /** A latin1 string of what may hold no NUL. */
  #text(key: string, value: ManifestBytes): string {
    const text = latin1FromBytes(this.#bytes(key, value));
    if (text === "" || text.includes("\0")) throw this.#refuse(`${key}: is ${text === "" ? "empty" : "with a NUL"}`);
    return text;
  }

  #splitPath(key: string, value: ManifestBytes): string {
    const names = latin1FromBytes(this.#bytes(key, value))
      .split("/")
      .filter((name) => name !== "" && name !== ".");
    for (const name of names) {
      if (name === ".." || name.includes("\0")) throw this.#refuse(`${key}: a path may hold neither .. nor NUL`);
      if (name.length > 255) throw this.#refuse(`${key}: a name is longer than 255 bytes`, "LIMIT");
    }
    return names.join("/");
  }

  #target({ target }: ManifestEntry, kind: string): string {
    if (kind !== "symlink" && kind !== "hardlink") return "";
    if (target === undefined) throw this.#refuse("target: is missing");
    return kind === "symlink" ? this.#text("target", target) : this.#splitPath("target", target);
  }

  #mode(mode: string | number | undefined, type: number): number {
    if (mode === undefined) return type === S_IFDIR ? 0o755 : type === S_IFLNK ? 0o777 : 0o644;
    if (typeof mode === "number") return this.#integer("mode", mode, 0o7777);
    if (/^0?[0-7]{3,4}$/.test(mode)) return Number.parseInt(mode, 8);
    throw this.#refuse(`mode: ${showValue(mode)} is not three or four octal digits`);
  }

  #integer(key: string, value = 0, max: number): number {
    if (Number.isInteger(value) && value >= 0 && value <= max) return value;
    throw this.#refuse(`${key}: ${value} is not an integer from 0 to ${max}`);
  }

  #time(mtime: NonNullable<ManifestEntry["mtime"]>): { sec: number; nsec: number } {
    if (typeof mtime === "string") {
      const time = parseIsoTime(mtime);
      if (time) return time;
      throw this.#refuse(`mtime: ${showValue(mtime)} is no time with its zone, such as "2024-02-29T12:00:00Z"`);
    }
    const time = wholeTime(mtime);
    if (time) return time;
    throw this.#refuse("mtime: is not whole seconds and 0..999999999 nanoseconds");
  }

  #xattr(name: string, value: ManifestBytes): Xattr {
    const fault = MANIFEST_BYTES.find(value);
    if (fault) throw this.#refuse(`xattrs: ${name}: ${fault.why}`);
    return { name: this.#bytes("xattrs", name), value: this.#bytes(`xattrs: ${name}`, value) };
  }
}
