/** The command line of `ts-gensquashfs`: the grammar of gensquashfs 1.2 and 1.3. */
import { existsSync, readFileSync } from "node:fs";
import { ImageError } from "../../core/error.ts";
import { systemMessage } from "../../core/node/node-errors.ts";
import { directory, packFile, type Source, type SquashfsOptions } from "../../index.ts";
import { labelEntries, readFileContexts } from "../../stage/source/list/node-file-contexts.ts";
import { parseSortFile } from "../../stage/source/list/sort-file.ts";
import { parseXattrFile } from "../../stage/source/list/xattr-file.ts";
import { amend } from "../../stage/source/node-amend.ts";
import type { SortRule } from "../../stage/tree/file-order.ts";
import { NONE, S_IFDIR } from "../../stage/tree/tree.ts";
import { parseGensquashfsWords } from "../shared/compressor-words.ts";
import { getopt, type OptionSpec, UsageError } from "../shared/getopt.ts";
import { parseEpoch, parseNumber } from "../shared/numbers.ts";
import { limitBacktracking, type ProgramCommand } from "../shared/program.ts";
import { squashfsJob } from "../shared/squashfs-job.ts";

interface Settings {
  action: "build" | "help" | "version";
  packFile?: string;
  packDir?: string;
  compressor?: string;
  extra?: string;
  blockSize?: number;
  padding?: number;
  workers?: number;
  defaults: { uid?: number; gid?: number; mode?: number; mtime?: number };
  uid?: number;
  gid?: number;
  sortFile?: string;
  xattrFile?: string;
  contextsFile?: string;
  keepTime: boolean;
  oneFileSystem: boolean;
  exportable: boolean;
  noTailPacking: boolean;
  noHardLinks: boolean;
  force: boolean;
  quiet: boolean;
}

interface Option extends OptionSpec {
  readonly apply: (value: string, soFar: Settings) => Partial<Settings>;
}

const NAME = "ts-gensquashfs";
/** The label of what no rule is for. */
const UNLABELED = "system_u:object_r:unlabeled_t:s0";
const ID = { min: 0, max: 2 ** 32 - 2 };
const SIZE = { min: 1, max: 2 ** 30, suffix: true, powerOfTwo: true };

function flag(names: string, sets: Partial<Settings>): Option {
  return { names: names.split(" "), argument: "none", apply: () => sets };
}

function text(names: string, apply: Option["apply"]): Option {
  return { names: names.split(" "), argument: "required", apply };
}

function refused(names: string, argument: OptionSpec["argument"], why: string): Option {
  return {
    names: names.split(" "),
    argument,
    apply: () => {
      throw new UsageError(`${names.split(" ").at(-1)}: ${why}`);
    },
  };
}

const OPTIONS: readonly Option[] = [
  text("--pack-file -F", (packFile) => ({ packFile })),
  text("--pack-dir -D", (packDir) => ({ packDir })),
  text("--compressor -c", (compressor) => ({ compressor })),
  text("--comp-extra -X", (extra) => ({ extra })),
  // with 0, as a job server may say it, threads are as many as without this option
  text("--num-jobs -j", (jobs) => ({ workers: parseNumber("-j", jobs, { min: 0, max: 1024 }) })),
  // how much waits is not up to the caller: it is bounded
  text("--queue-backlog -Q", (count) => {
    parseNumber("-Q", count, { min: 0, max: 2 ** 32 });
    return {};
  }),
  text("--block-size -b", (size) => ({ blockSize: parseNumber("-b", size, { ...SIZE, min: 4096, max: 1 << 20 }) })),
  text("--dev-block-size -B", (size) => ({
    padding: parseNumber("-B", size, { ...SIZE, min: 1024, powerOfTwo: false }),
  })),
  text("--defaults -d", (words, { defaults }) => ({ defaults: { ...defaults, ...parseDefaults(words) } })),
  text("--set-uid -u", (uid) => ({ uid: parseNumber("-u", uid, ID) })),
  text("--set-gid -g", (gid) => ({ gid: parseNumber("-g", gid, ID) })),
  flag("--all-root", { uid: 0, gid: 0 }),
  text("--sort-file -S", (sortFile) => ({ sortFile })),
  text("--xattr-file -A", (xattrFile) => ({ xattrFile })),
  text("--selinux -s", (contextsFile) => ({ contextsFile })),
  flag("--keep-time -k", { keepTime: true }),
  flag("--one-file-system -o", { oneFileSystem: true }),
  flag("--exportable -e", { exportable: true }),
  flag("--no-tail-packing -T", { noTailPacking: true }),
  flag("--no-hard-links -H", { noHardLinks: true }),
  flag("--force -f", { force: true }),
  flag("--quiet -q", { quiet: true }),
  flag("--help -h", { action: "help" }),
  flag("--version -V", { action: "version" }),
  refused("--keep-xattr -x", "none", "attributes of files cannot be read; --xattr-file and --selinux can give them"),
];

/**
 * Reads a command line.
 *
 * @throws UsageError when it cannot be understood, or asks for what is not supported
 */
export function parseGensquashfs(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ProgramCommand {
  let settings: Settings = {
    ...{ action: "build", defaults: {}, keepTime: false, oneFileSystem: false, exportable: false },
    ...{ noTailPacking: false, noHardLinks: false, force: false, quiet: false },
  };
  const operands: string[] = [];
  for (const { option, value } of getopt(argv, OPTIONS)) {
    if (value?.includes("\uFFFD")) throw new UsageError(`"${value}": not UTF-8`);
    if (option === undefined) operands.push(value);
    else settings = { ...settings, ...option.apply(value ?? "", settings) };
    if (settings.action !== "build") return { action: settings.action };
  }
  const [image, ...more] = operands;
  if (image === undefined) throw new UsageError("the name of the image is missing");
  if (more.length > 0) throw new UsageError(`"${more[0]}" is too much`);
  if (settings.packFile === undefined && settings.packDir === undefined) {
    throw new UsageError("one of --pack-file and --pack-dir is needed");
  }
  const mtime = settings.defaults.mtime ?? (env.SOURCE_DATE_EPOCH ? parseEpoch(env.SOURCE_DATE_EPOCH) : 0);
  return squashfsJob({
    program: NAME,
    image,
    source: async () => {
      checkImage(image, settings.force);
      return openSource(settings, mtime);
    },
    options: toOptions(settings, mtime),
    quiet: settings.quiet,
    progress: "auto",
  });
}

function checkImage(image: string, force: boolean): void {
  if (force || image === "-" || !existsSync(image)) return;
  throw new ImageError("INPUT", `${image}: is there already (--force overwrites it)`, { path: image });
}

function toOptions(settings: Settings, mtime: number): SquashfsOptions {
  const { blockSize, exportable, oneFileSystem, padding, uid, gid, workers, sortFile } = settings;
  return {
    ...{ blockSize, exportable, oneFileSystem, padding, workers },
    ...parseGensquashfsWords(settings.compressor ?? "zstd", settings.extra),
    fragments: settings.noTailPacking ? "small" : "all",
    hardLinks: settings.noHardLinks ? "copy" : "keep",
    owner: uid === undefined && gid === undefined ? "keep" : { uid, gid },
    timestamp: mtime,
    times: settings.packFile !== undefined || settings.keepTime ? "keep" : "fixed",
    mkfsTime: Math.min(mtime, 0xffffffff),
    sort: sortFile === undefined ? undefined : readSort(sortFile),
  };
}

function readSort(path: string): SortRule[] {
  limitBacktracking();
  return parseSortFile(readInput(path), path);
}

function openSource({ packFile: list, packDir, defaults, xattrFile, contextsFile }: Settings, mtime: number): Source {
  const { mode = 0o755, uid = 0, gid = 0 } = defaults;
  const meta = { mode: S_IFDIR | mode, uid, gid, mtime };
  if (list !== undefined || contextsFile !== undefined) limitBacktracking();
  const source =
    list !== undefined
      ? packFile(list, { packDir, defaults: { ...defaults, mtime } })
      : // the root is not that of the directory
        amend(directory(packDir!), meta, ({ editor }) => editor.setMeta(0, meta));
  if (xattrFile === undefined && contextsFile === undefined) return source;
  const paths = xattrFile === undefined ? [] : parseXattrFile(readInput(xattrFile), xattrFile);
  const contexts = contextsFile === undefined ? undefined : readFileContexts(contextsFile);
  return amend(source, meta, (work) => {
    for (const { path, where, xattrs } of paths) {
      const entry = work.editor.find(path);
      if (entry === NONE) throw new ImageError("INPUT", `${where}: ${path} is not in the image`);
      for (const xattr of xattrs) work.addXattr(entry, xattr);
    }
    if (contexts) labelEntries(work, contexts, UNLABELED);
  });
}

function parseDefaults(words: string): Settings["defaults"] {
  const defaults: Settings["defaults"] = {};
  for (const word of words.split(",").filter(Boolean)) {
    const [key, value = ""] = word.split("=");
    if (key === "uid" || key === "gid") defaults[key] = parseNumber(`-d ${key}`, value, ID);
    else if (key === "mtime") defaults.mtime = parseNumber("-d mtime", value, { min: 0, max: 2 ** 32 - 1 });
    else if (key === "mode" && /^[0-7]{1,5}$/.test(value) && Number.parseInt(value, 8) <= 0o7777) {
      defaults.mode = Number.parseInt(value, 8);
    } else throw new UsageError(`-d: "${word}" is none of uid=N, gid=N, mode=OCTAL, mtime=SECONDS`);
  }
  return defaults;
}

function readInput(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}
