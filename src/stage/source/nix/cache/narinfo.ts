/**
 * What a binary cache says of a store path (`HASH.narinfo`): lines of `Key: value`. What is signed is a line made of them:
 *
 *     1;/nix/store/…-hello;sha256:BASE32;NARSIZE;/nix/store/…-glibc,/nix/store/…-hello
 */
import { ImageError } from "../../../../core/error.ts";
import { excerpt } from "../../../../core/excerpt.ts";
import { type KnownPath, sorted } from "../known-path.ts";
import { checkStorePath, fromHex, parseSha256, toBase32 } from "../nix-hash.ts";
import type { PathInfo } from "../path-info.ts";

/** A store path in a cache. */
export interface CachedPath extends PathInfo {
  /** Where its archive is, relative to the cache. */
  url: string;
  /** How that is compressed, in Nix's words: `none`, `xz`. */
  compression: string;
}

/**
 * Reads the text of a file.
 *
 * @param name what messages call it
 * @throws ImageError `INPUT` naming the line
 */
export function parseNarInfo(text: string, name: string): CachedPath {
  const fields = new Map<string, { value: string; line: number }>();
  const signatures: string[] = [];
  const refuse = (line: number, why: string) => new ImageError("INPUT", `${name}:${line}: ${why}`, { path: name });
  for (const [index, whole] of text.split("\n").entries()) {
    const line = whole.trimEnd();
    if (line === "") continue;
    const [, key, value = ""] = /^(\w+):(?: (.*))?$/.exec(line) ?? [];
    if (key === undefined) throw refuse(index + 1, `${excerpt(line)} is no "Key: value"`);
    if (key === "Sig") signatures.push(value);
    else if (fields.has(key)) throw refuse(index + 1, `${key} is there twice`);
    else fields.set(key, { value, line: index + 1 });
  }
  const read = <T>(key: string, what: string, parse: (value: string) => T | undefined): T => {
    const field = fields.get(key);
    if (field === undefined) throw new ImageError("INPUT", `${name}: has no ${key}`, { path: name });
    const value = parse(field.value);
    if (value === undefined) throw refuse(field.line, `${key}: ${excerpt(field.value)} is no ${what}`);
    return value;
  };
  const path = checkStorePath(
    read("StorePath", "path", (value) => value),
    name,
  );
  const folder = path.slice(0, path.lastIndexOf("/"));
  const whole = (base: string) => checkStorePath(`${folder}/${base}`, name);
  const deriver = fields.get("Deriver")?.value ?? "unknown-deriver";
  return {
    path,
    url: read("URL", "path below the cache", checkUrl),
    // what Nix takes where nothing is said
    compression: fields.get("Compression")?.value ?? "bzip2",
    narHash: read("NarHash", "SHA-256", parseSha256),
    narSize: read("NarSize", "size of a NAR", (value) => (/^[1-9]\d{0,14}$/.test(value) ? Number(value) : undefined)),
    references: sorted(
      (fields.get("References")?.value ?? "")
        .split(" ")
        .filter((each) => each !== "")
        .map(whole),
    ),
    deriver: deriver === "unknown-deriver" || deriver === "" ? undefined : whole(deriver),
    signatures: sorted(signatures),
    ca: fields.get("CA")?.value || undefined,
  };
}

/** A path that stays below the cache; what stands behind `?` says nothing of the file. */
function checkUrl(value: string): string | undefined {
  const path = value.replace(/\?.*$/, "");
  const isBelow = /^[^/:\0]+(?:\/[^/\0]+)*$/.test(path) && !path.split("/").includes("..");
  return isBelow ? path : undefined;
}

/** What is signed of a store path. */
export function fingerprint({ path, narHash, narSize, references }: PathInfo): string {
  return `1;${path};sha256:${toBase32(fromHex(narHash))};${narSize};${references.join(",")}`;
}

/** What Nix is to know of a path, without what is the cache's own. */
export function toKnown({ url: _, compression: __, ...info }: CachedPath): KnownPath {
  return info;
}
