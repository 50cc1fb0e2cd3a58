/** Every option that `ts-mkerofs` knows, in the order of its `--help`, and what each one sets. */
import { randomUUID } from "node:crypto";
import type { BuildOptions } from "../../build/options.ts";
import { type OptionSpec, UsageError } from "../shared/getopt.ts";
import { type NumberRange, parseNumber } from "../shared/numbers.ts";

/** What options set: those of a build, and what the program makes of itself. */
export interface Settings extends BuildOptions {
  action: "build" | "help" | "version";
  /** The file of `--closure`. */
  closure?: string;
  /** The file of `--compress-hints`. */
  compressHintsFile?: string;
  /** The file of `--sort-file`. */
  sortFile?: string;
  /** Halves of `owner`, as each may be overruled on its own. */
  uid?: number;
  gid?: number;
  /** Parts of `exclude`. */
  excludePaths: readonly string[];
  excludeRegexes: readonly string[];
  json: boolean;
  progress: "auto" | "always" | "never";
  /** `-d`. */
  verbosity: number;
  /** `--format`. */
  format: "erofs" | "squashfs";
  /** `-z`: each format has its own. */
  algorithms?: string;
  /** `-b`, which means what the format allows. */
  block?: string;
  /** `--quiet`, which overrules `-d` on either side of it, as in mkfs.erofs. */
  quiet: boolean;
}

/** An option and what it sets; without that it is one of mkfs.erofs which is not supported yet. */
export interface CliOption extends OptionSpec {
  readonly apply?: (value: string, soFar: Settings) => Partial<Settings>;
}

function flag(names: string, sets: Partial<Settings>): CliOption {
  return { names: names.split(" "), argument: "none", apply: () => sets };
}

function text(name: string, apply: NonNullable<CliOption["apply"]>): CliOption {
  return { names: [name], argument: "required", apply };
}

function number(name: string, range: NumberRange, apply: (value: number) => Partial<Settings>): CliOption {
  return text(name, (value) => apply(parseNumber(name, value, range)));
}

function choice<T extends string>(name: string, words: readonly T[], apply: (word: T) => Partial<Settings>): CliOption {
  return text(name, (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new UsageError(`${name}: "${value}" is none of ${words.join(", ")}`);
    return apply(word);
  });
}

function unsupported(argument: OptionSpec["argument"], names: string): CliOption[] {
  return names.split(" ").map((name) => ({ names: [name], argument }));
}

const U32 = { min: 0, max: 2 ** 32 - 1 };
/** (uid_t)-1 is nobody's: system calls and mkfs.erofs take it for "leave as it is". */
const ID = { min: 0, max: 2 ** 32 - 2 };
const SAFE = { min: 0, max: Number.MAX_SAFE_INTEGER };

/** The table for {@link getopt}. */
export const OPTIONS: readonly CliOption[] = [
  flag("-h --help", { action: "help" }),
  flag("-V --version", { action: "version" }),

  text("--closure", (closure) => ({ closure })),
  text("--exclude-path", (path, { excludePaths }) => ({ excludePaths: [...excludePaths, path] })),
  text("--exclude-regex", (regex, { excludeRegexes }) => ({ excludeRegexes: [...excludeRegexes, regex] })),
  flag("--one-file-system", { oneFileSystem: true }),

  number("-T", SAFE, (timestamp) => ({ timestamp })),
  flag("--all-time", { times: "fixed" }),
  flag("--mkfs-time", { times: "keep" }),
  flag("--ignore-mtime", { ignoreMtime: true }),
  flag("--preserve-mtime", { ignoreMtime: false }),
  flag("--all-root", { uid: 0, gid: 0 }),
  number("--force-uid", ID, (uid) => ({ uid })),
  number("--force-gid", ID, (gid) => ({ gid })),
  number("--uid-offset", U32, (uidOffset) => ({ uidOffset })),
  number("--gid-offset", U32, (gidOffset) => ({ gidOffset })),
  flag("--hard-dereference", { hardLinks: "copy" }),
  number("-x", { min: -SAFE.max, max: SAFE.max }, (xattrTolerance) => ({ xattrTolerance })),

  text("-L", (label) => ({ label: checkLabel(label) })),
  text("-U", (uuid) => ({ uuid: parseUuid(uuid) })),
  choice("--format", ["erofs", "squashfs"], (format) => ({ format })),
  text("-b", (block) => ({ block })),
  number("--chunksize", { min: 512, max: 2 ** 30, powerOfTwo: true }, (chunkSize) => ({ chunkSize })),
  choice("--dedupe", ["none", "file"], (dedupe) => ({ dedupe })),
  text("-E", (features) => Object.assign({}, ...features.split(",").filter(Boolean).map(parseFeature))),
  text("-z", (algorithms) => ({ algorithms })),
  number("-C", { min: 0, max: 2 ** 20, suffix: true }, (pclusterSize) => ({ pclusterSize })),
  {
    names: ["--zD"],
    argument: "optional",
    apply: (value) => ({ compressDirectories: parseNumber("--zD", value || "1", { min: 0, max: 1 }) === 1 }),
  },
  text("--compress-hints", (compressHintsFile) => ({ compressHintsFile })),
  number("--max-extent-bytes", U32, (maxExtentBytes) => ({ maxExtentBytes })),
  text("--target-kernel", (targetKernel) => ({ targetKernel })),
  number("--dsunit", U32, (dsunit) => ({ dsunit: Math.max(dsunit, 1) })),
  number("--fsalignblks", U32, (blocks) => ({ fsAlignBlocks: Math.max(blocks, 1) })),
  number("--offset", SAFE, (offset) => ({ offset })),
  choice("--sort", ["path", "none"], () => ({})),
  text("--sort-file", (sortFile) => ({ sortFile })),
  text("--mount-point", (path) => ({ mountPoint: path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path })),

  number("--workers", { min: 0, max: 1024 }, (workers) => ({ workers: Math.max(workers, 1) })),
  number("-d", { min: 0, max: 9 }, (verbosity) => ({ verbosity })),
  flag("--quiet", { quiet: true }),
  choice("--progress", ["auto", "always", "never"], (progress) => ({ progress })),
  flag("--json", { json: true }),

  ...unsupported("none", "--aufs --gzip"),
  ...unsupported("optional", "--clean --gzinfo --incremental --MZ --oci --ovlfs-strip --tar --ungzip --unlzma --unxz"),
  ...unsupported("optional", "--xattr-inode-digest"),
  ...unsupported("required", "-m --async-queue-limit --blobdev --file-contexts"),
  ...unsupported("required", "--fs-config-file --product-out --root-xattr-isize --s3 --vmdk-desc"),
  ...unsupported("required", "--xattr-prefix --zfeature-bits"),
];

/** What the features of `-E` set. */
const FEATURES: ReadonlyMap<string, Partial<Settings>> = new Map<string, Partial<Settings>>([
  ["inline_data", { inlineData: true }],
  ["^inline_data", { inlineData: false }],
  ["noinline_data", { inlineData: false }],
  ["force-inode-compact", { inodes: "compact", ignoreMtime: true }],
  ["force-inode-extended", { inodes: "extended" }],
  ["force-inode-blockmap", { chunkIndexes: false }],
  ["force-chunk-indexes", { chunkIndexes: true }],
  ["ztailpacking", { tailPacking: true }],
  ["^ztailpacking", { tailPacking: false }],
  ["fragments", { fragments: "tails" }],
  ["^fragments", { fragments: "none" }],
  ["all-fragments", { fragments: "all" }],
  ["^all-fragments", { fragments: "none" }],
  ["dedupe", { dedupeExtents: true }],
  ["^dedupe", { dedupeExtents: false }],
  ["legacy-compress", { fullIndexes: true }],
  ["^legacy-compress", { fullIndexes: false }],
  ["48bit", { extentRecords: true }],
  ["^48bit", { extentRecords: false }],
  ["nosbcrc", { checksum: false }],
  ["xattr-name-filter", { xattrFilter: true }],
  ["^xattr-name-filter", { xattrFilter: false }],
]);

const UNSUPPORTED_FEATURES = /^\^?(dot-omitted|fragdedupe|plain-xattr-prefixes)(=|$)/;

function parseFeature(feature: string): Partial<Settings> {
  const sets = FEATURES.get(feature);
  if (sets !== undefined) return sets;
  const packed = /^(all-)?fragments=(.*)$/.exec(feature);
  if (packed) {
    const size = parseNumber(`-E ${feature}`, packed[2]!, { min: 512, max: 2 ** 20, suffix: true });
    return { fragments: packed[1] ? "all" : "tails", packedPclusterSize: size };
  }
  const isKnown = UNSUPPORTED_FEATURES.test(feature);
  throw new UsageError(isKnown ? `-E ${feature}: not supported yet` : `-E: "${feature}" is no feature that can be set`);
}

function checkLabel(label: string): string {
  if (Buffer.byteLength(label) > 15) throw new UsageError(`-L: "${label}" is longer than 15 bytes`);
  return label;
}

function parseUuid(uuid: string): string {
  if (uuid === "clear") return "00000000-0000-0000-0000-000000000000";
  if (uuid === "random") return randomUUID();
  if (/^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$/i.test(uuid)) return uuid;
  throw new UsageError(`-U: "${uuid}" is no UUID, "clear" or "random"`);
}
