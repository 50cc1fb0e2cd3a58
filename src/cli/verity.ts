/** Options for dm-verity's hash tree, which all commands have. */
import type { BuildOptions } from "../build/options.ts";
import type { NameOf } from "../core/options/option-error.ts";
import type { VerityOptions } from "../verity/options.ts";
import { imagePath } from "./image-path.ts";
import { UsageError } from "./shared/getopt.ts";
import { type Option, rowsFor } from "./shared/option.ts";
import type { FieldNames } from "./shared/option-names.ts";
import { checkPath, file, text } from "./shared/value.ts";

/** What they set. */
export interface VerityWords {
  /** A tree is asked for. */
  hasVerity?: boolean;
  verityFile?: string | undefined;
  veritySalt?: string;
  verityUuid?: string;
  verityBare?: boolean;
  verityRootOut?: string;
}

/** Fields that are called otherwise than the library's options. */
export const VERITY_FIELDS: FieldNames<VerityWords> = {
  verity: "hasVerity",
  "verity.out": "verityFile",
  "verity.salt": "veritySalt",
  "verity.uuid": "verityUuid",
  "verity.rootOut": "verityRootOut",
};

const { flag, valued, optional } = rowsFor<VerityWords>();

/** Where a tree goes, which is not written in order. */
const TREE_FILE = text(
  "FILE",
  (name, path) => {
    if (imagePath(checkPath(name, path, "file")) !== "-") return path;
    throw new UsageError(`${name}: a hash tree needs a file, and "${path}" is standard output`);
  },
  "file",
);

const TREE =
  "the hash tree by which dm-verity proves each block (SHA-256, blocks of 4096 bytes), as veritysetup format makes it";
const BEHIND = "the tree is appended to the image, which is padded to 4096 bytes before; not for a pipe";

/** What asks for a tree, in getopt's grammar. */
export const VERITY_LONG: readonly Option<VerityWords>[] = [
  optional({
    names: "--verity",
    value: TREE_FILE,
    sets: (verityFile) => ({ hasVerity: true, verityFile }),
    help: `make ${TREE}: in FILE, or, without one, ${BEHIND}`,
  }),
  ...rowsWith("--verity"),
];

/** The same in mksquashfs's, where no argument can be left out. */
export const VERITY_WORDS: readonly Option<VerityWords>[] = [
  flag({ names: "-verity", sets: { hasVerity: true }, help: `make ${TREE}; ${BEHIND}` }),
  valued({
    names: "-verity-file",
    value: TREE_FILE,
    sets: (verityFile) => ({ hasVerity: true, verityFile }),
    help: "the same, with the tree in FILE",
  }),
  ...rowsWith("-verity"),
];

function rowsWith(name: string): Option<VerityWords>[] {
  return [
    valued({
      names: `${name}-salt`,
      value: text("HEX|-"),
      sets: "veritySalt",
      default: "32 bytes derived from the image",
      help: `with ${name}: what every hash begins with, 1 to 256 bytes as hex digits; -: nothing`,
    }),
    valued({
      names: `${name}-uuid`,
      value: text("UUID"),
      sets: "verityUuid",
      default: "derived from the root hash",
      help: `with ${name}: UUID in the tree's superblock`,
    }),
    flag({
      names: `${name}-no-superblock`,
      sets: { verityBare: true },
      help: `with ${name}: write the tree without a superblock; whoever opens it has to know the parameters`,
    }),
    valued({
      names: `${name}-root-out`,
      value: file(),
      sets: (path) => ({ verityRootOut: imagePath(path) }),
      help:
        `with ${name}: write the root hash to FILE, 64 hex digits and a newline; - is standard output, ` +
        "and then nothing else goes there",
    }),
  ];
}

/**
 * What the options come to together, and the settings without them.
 *
 * @param name of the option that asks for a tree
 * @throws UsageError for one that is about a tree where none is asked for
 */
export function takeVerity<S extends VerityWords>(
  settings: S,
  name: string,
): { verity: VerityOptions | undefined; rest: Omit<S, keyof VerityWords> } {
  const { hasVerity, verityFile, veritySalt, verityUuid, verityBare, verityRootOut, ...rest } = settings;
  if (hasVerity) {
    const superblock = verityBare === undefined ? undefined : !verityBare;
    const verity = { out: verityFile, salt: veritySalt, uuid: verityUuid, superblock, rootOut: verityRootOut };
    return { verity, rest };
  }
  const given = { salt: veritySalt, uuid: verityUuid, "no-superblock": verityBare, "root-out": verityRootOut };
  const idle = Object.entries(given).find(([, value]) => value !== undefined);
  if (idle) throw new UsageError(`${name}-${idle[0]}: needs ${name}`);
  return { verity: undefined, rest };
}

/**
 * Whether the root hash is to be printed, and the options of a build, which is not to do that.
 *
 * @throws UsageError where standard output takes something else
 */
export function takePrintedRoot(
  verity: BuildOptions["verity"],
  { image, json, nameOf }: { image: string; json: boolean; nameOf: NameOf },
): { verity: BuildOptions["verity"]; printsRoot: boolean } {
  if (typeof verity !== "object" || verity.rootOut !== "-") return { verity, printsRoot: false };
  const other = image === "-" ? "the image" : json ? "the report, in which the root hash stands" : undefined;
  if (other !== undefined) throw new UsageError(`${nameOf("verity.rootOut")}: standard output takes ${other}`);
  return { verity: { ...verity, rootOut: undefined }, printsRoot: true };
}
