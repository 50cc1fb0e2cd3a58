/**
 * Manifests: trees as lists of entries, in JSON or as the same objects, for what a host's filesystem cannot hold. Their
 * schema is docs/manifest.schema.json.
 *
 *     { "version": 1, "entries": [
 *       { "path": "bin/sh", "mode": "0755", "source": "build/sh" },
 *       { "path": "bin/bash", "kind": "symlink", "target": "sh" } ] }
 */
import {
  BYTES,
  type Check,
  type Checks,
  either,
  FLAG,
  NUMBER,
  needed,
  object,
  oneOf,
  record,
  TEXT,
} from "../../../../core/options/checks.ts";
import { type Entry, KINDS } from "../../entry.ts";

/** A text, or bytes that are none: as they are, or in base 64 where JSON has to hold them. */
export type ManifestBytes = string | Uint8Array | { base64: string };

/** One entry of a {@link Manifest}. */
export interface ManifestEntry {
  /** Relative to the root, `/` between names; `""` or `.` is the root itself. Missing parents are made, mode 0755. */
  path: ManifestBytes;
  /** Default: `file`. `hardlink` gives another entry a further name: `target` is its path, wherever that stands. */
  kind?: Entry["kind"];
  /** Permission bits: a string of octal digits (`"0755"`), or their number. Default: 0755, 0777 for a link, 0644 for a file. */
  mode?: string | number | undefined;
  /** Default: 0. */
  uid?: number | undefined;
  /** Default: 0. */
  gid?: number | undefined;
  /**
   * Seconds since 1970, a time with its zone (`"2024-02-29T12:00:00Z"`), or seconds and 0..999999999 nanoseconds forward
   * from them. Default: the time of the build.
   */
  mtime?: number | string | { sec: number; nsec: number } | undefined;
  /** Of a symbolic link: what it points to. Of a hard link: the path of the entry that it names too. */
  target?: ManifestBytes | undefined;
  /** Of a device: 0..4095. */
  major?: number | undefined;
  /** Of a device: 0..1048575. */
  minor?: number | undefined;
  /** Extended attributes by full name. */
  xattrs?: Readonly<Record<string, ManifestBytes>> | undefined;
  /** Of a file: the path of the one on this machine that has its contents. Default: its path in the image. */
  source?: ManifestBytes | undefined;
  /** Of a file: its contents, in place of `source`. */
  contents?: ManifestBytes | undefined;
  /** Of a file: look for blocks of zeros and store them as holes. Default: whether this machine does so with `source`. */
  sparse?: boolean | undefined;
}

/** A tree as a list of its entries, in any order. */
export interface Manifest {
  /** Where editors find the schema: nothing is read there. */
  $schema?: string | undefined;
  /** The version of the schema. */
  version: 1;
  /** In any order; a path stands in one of them at most. */
  entries: readonly ManifestEntry[];
}

/** What {@link ManifestBytes} may be. */
export const MANIFEST_BYTES: Check<ManifestBytes> = either(
  'a string, a Uint8Array or {"base64": …}',
  TEXT,
  BYTES,
  record("form of bytes", { base64: needed(TEXT) } as Checks<{ base64: string }>),
);

/** What may stand in a {@link ManifestEntry}. */
export const MANIFEST_ENTRY: Checks<ManifestEntry> = {
  path: needed(MANIFEST_BYTES),
  kind: oneOf(...(Object.keys(KINDS) as (keyof typeof KINDS)[]), "hardlink"),
  mode: either("octal digits or a number", TEXT, NUMBER),
  uid: NUMBER,
  gid: NUMBER,
  mtime: either(
    "a number, a time or {sec, nsec}",
    NUMBER,
    TEXT,
    record("part of a time", { sec: needed(NUMBER), nsec: needed(NUMBER) } as Checks<{ sec: number; nsec: number }>),
  ),
  target: MANIFEST_BYTES,
  major: NUMBER,
  minor: NUMBER,
  xattrs: object("attributes by name"),
  source: MANIFEST_BYTES,
  contents: MANIFEST_BYTES,
  sparse: FLAG,
};
/** What may stand in a {@link Manifest}. */
export const MANIFEST: Checks<Manifest> = {
  $schema: TEXT,
  version: needed(NUMBER as Check<1>),
  entries: needed(object("an array of entries")),
};
