/**
 * The command line of `ts-mksquashfs`: the grammar of mksquashfs 4.5 to 4.7. Sources and the image come first, then
 * options, each a word with one dash; `-e` takes all that follows.
 */
import { existsSync } from "node:fs";
import { ImageError } from "../../core/error.ts";
import { readAccounts } from "../../stage/source/list/node-accounts.ts";
import { type ModeChange, parseMode } from "../../stage/source/list/symbolic-mode.ts";
import { MKSQUASHFS_WORDS, parseMksquashfsWords } from "../shared/compressor-words.ts";
import { UsageError } from "../shared/getopt.ts";
import { type NumberRange, parseEpoch, parseNumber } from "../shared/numbers.ts";
import type { ProgramCommand } from "../shared/program.ts";
import { squashfsJob } from "../shared/squashfs-job.ts";
import type { MksquashfsSettings } from "./settings.ts";
import { openSources } from "./sources.ts";

type Apply = (settings: MksquashfsSettings, value: string, name: string) => void;

interface Option {
  takesValue: boolean;
  apply: Apply;
}

const OPTIONS = new Map<string, Option>();

function flag(names: string, apply: Apply): void {
  for (const name of names.split(" ")) OPTIONS.set(name, { takesValue: false, apply });
}

function valued(names: string, apply: Apply): void {
  for (const name of names.split(" ")) OPTIONS.set(name, { takesValue: true, apply });
}

const ID = { min: 0, max: 2 ** 32 - 2 };
const TIME = { min: 0, max: 2 ** 32 - 1 };

function parseId(name: string, value: string, kind: "user" | "group"): number {
  if (/^[-+0-9]/.test(value)) return parseNumber(name, value, ID);
  const id = readAccounts()[`${kind}s`].get(value);
  if (id === undefined) throw new UsageError(`${name}: there is no ${kind} "${value}" on this machine`);
  return id;
}

function toMode(name: string, value: string): ModeChange {
  const mode = parseMode(value);
  if (mode === undefined) throw new UsageError(`${name}: "${value}" is no mode, neither octal nor as u+rwX,go=u`);
  return mode;
}

/** Times are numbers: a date would need the clock, or a time zone. */
function toTime(name: string, value: string): number {
  return parseNumber(name, value, TIME);
}

function number(name: string, value: string, range: NumberRange): number {
  return parseNumber(name, value, { suffix: true, ...range });
}

const nothing: Apply = () => undefined;

valued("-comp", (all, name) => {
  all.compressor = name;
});
for (const [name, takesValue] of MKSQUASHFS_WORDS) {
  (takesValue ? valued : flag)(name, (all, value) => all.extra.push([name, value]));
}
valued("-b", (all, value, name) => {
  all.options.blockSize = number(name, value, { min: 4096, max: 1 << 20, powerOfTwo: true });
});
flag("-noI -noInodeCompression", (all) => all.uncompressed.push("inodes", "ids"));
flag("-noId -noIdTableCompression", (all) => all.uncompressed.push("ids"));
flag("-noD -noDataCompression", (all) => all.uncompressed.push("data"));
flag("-noF -noFragmentCompression", (all) => all.uncompressed.push("fragments"));
flag("-noX -noXattrCompression", (all) => all.uncompressed.push("xattrs"));
flag("-no-compression", (all) => all.uncompressed.push("inodes", "ids", "data", "fragments", "xattrs"));
flag("-all-root -root-owned", (all) => Object.assign(all, { uid: 0, gid: 0 }));
valued("-force-uid", (all, value, name) => {
  all.uid = parseId(name, value, "user");
});
valued("-force-gid", (all, value, name) => {
  all.gid = parseId(name, value, "group");
});
valued("-root-mode", (all, value, name) => {
  all.root.mode = toMode(name, value);
});
valued("-force-file-mode", (all, value, name) => {
  all.fileMode = toMode(name, value);
});
valued("-force-dir-mode", (all, value, name) => {
  all.directoryMode = toMode(name, value);
});
valued("-uid-gid-offset", (all, value, name) => {
  const offset = parseNumber(name, value, { min: 0, max: 2 ** 32 - 1 });
  Object.assign(all.options, { uidOffset: offset, gidOffset: offset });
});
valued("-root-uid", (all, value, name) => {
  all.root.uid = parseId(name, value, "user");
});
valued("-root-gid", (all, value, name) => {
  all.root.gid = parseId(name, value, "group");
});
valued("-root-time", (all, value, name) => {
  all.root.mtime = toTime(name, value);
});
valued("-all-time -inode-time", (all, value, name) => {
  all.allTime = toTime(name, value);
});
valued("-mkfs-time -fstime", (all, value, name) => {
  // "inode" is the newest of all times: so it is without the option
  all.mkfsTime = value === "inode" ? undefined : toTime(name, value);
});
valued("-repro-time", (all, value, name) => {
  all.allTime = toTime(name, value);
  all.mkfsTime = all.allTime;
});
flag("-no-hardlinks", (all) => {
  all.options.hardLinks = "copy";
});
flag("-keep-as-directory", (all) => {
  all.keepAsDirectory = true;
});
flag("-no-strip -tarstyle", (all) => {
  all.noStrip = true;
});
flag("-no-fragments", (all) => {
  all.options.fragments = "none";
});
flag("-always-use-fragments -tailends", (all) => {
  all.options.fragments = "all";
});
flag("-no-tailends", (all) => {
  all.options.fragments = "small";
});
flag("-no-duplicates", (all) => {
  all.options.dedupe = "none";
});
flag("-no-exports", (all) => {
  all.options.exportable = false;
});
flag("-exports", (all) => {
  all.options.exportable = true;
});
flag("-no-sparse", (all) => {
  all.options.sparse = false;
});
flag("-no-xattrs", (all) => {
  all.options.xattrs = false;
});
flag("-one-file-system", (all) => {
  all.options.oneFileSystem = true;
});
flag("-nopad", (all) => {
  all.options.padding = 1;
});
valued("-offset -o", (all, value, name) => {
  all.options.offset = number(name, value, { min: 0, max: Number.MAX_SAFE_INTEGER });
});
valued("-processors", (all, value, name) => {
  all.options.workers = parseNumber(name, value, { min: 1, max: 1024 });
});
// memory is bounded below what any of these would allow
valued("-mem", (_, value, name) => {
  if (!/^[1-9][0-9]*%$/.test(value)) number(name, value, { min: 1, max: 2 ** 50 });
});
// threads read, compress and write in turn
valued("-mem-percent -small-readers -block-readers -overcommit", (_, value, name) => {
  parseNumber(name, value.replace(/%$/, ""), { min: 0, max: 100_000 });
});
flag("-noappend", (all) => {
  all.append = false;
});
flag("-info", (all) => {
  all.info = true;
});
flag("-quiet", (all) => {
  all.quiet = true;
});
flag("-progress", (all) => {
  all.progress = "always";
});
flag("-no-progress", (all) => {
  all.progress = "never";
});
// what these ask for is always so: every error is fatal, and a failed build leaves the target as it was
flag("-exit-on-error -no-recovery -reproducible -repro -single-reader", nothing);
flag("-wildcards", (all) => {
  all.matching = "wildcards";
});
flag("-regex", (all) => {
  all.matching = "regexes";
});
valued("-ef", (all, value) => all.excludeFiles.push(value));
valued("-p", (all, value) => all.pseudo.push({ definition: value }));
valued("-pf", (all, value) => all.pseudo.push({ file: value }));
valued("-pd -pseudo-dir", (all, value) => {
  all.pseudoDirectory = value;
});
valued("-xattrs-add", (all, value) => all.xattrs.push(value));
valued("-sort", (all, value) => {
  all.sortFile = value;
});

const UNSUPPORTED: Readonly<Record<string, string>> = {
  "-tar": "reading a tar archive is not supported yet",
  "-cpiostyle": "a list of files on standard input is not supported",
  "-cpiostyle0": "a list of files on standard input is not supported",
  "-xattrs": "attributes of files cannot be read; pseudo files can give them",
  "-not-reproducible": "images are always reproducible",
  "-root-becomes": "appending is not supported",
  "-recover": "there are no recovery files: a failed build leaves the target as it was",
  "-recovery-path": "there are no recovery files: a failed build leaves the target as it was",
  "-throttle": "not supported",
  "-limit": "not supported",
  "-zip": "reading zip archives is not supported yet",
  "-default-mode": "is for tar archives, which are not supported yet",
  "-default-uid": "is for tar archives, which are not supported yet",
  "-default-gid": "is for tar archives, which are not supported yet",
  "-ignore-zeros": "is for tar archives, which are not supported yet",
  "-numeric-owner": "is for tar archives, which are not supported yet",
  "-xattrs-exclude": "attributes of files cannot be read, so there are none to leave out",
  "-xattrs-include": "attributes of files cannot be read, so there are none to choose from",
  "-pseudo-override": "not supported",
  "-dereference": "not supported",
  "-deref": "not supported",
  "-deref-path": "not supported",
  "-max-depth": "not supported",
  "-one-file-system-x": "not supported; -one-file-system keeps the directories that something is mounted on",
  "-info-file": "not supported; -info prints to standard output",
  "-percentage": "not supported; -progress shows a bar",
  "-mem-default": "there is none: memory is bounded",
  "-stream": 'not supported; IMAGE "-" is standard output, and that image is a normal one',
  "-fix": "images need no fixing",
};

/**
 * Reads a command line.
 *
 * @throws UsageError when it cannot be understood, or asks for what is not supported
 */
export function parseMksquashfs(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ProgramCommand {
  const isOption = (word: string) => word.startsWith("-") && word.length > 1;
  const action = argv.map(actionOf).find((found) => found !== undefined);
  const first = argv.findIndex(isOption);
  const operands = first < 0 ? argv : argv.slice(0, first);
  if (action !== undefined && operands.length === 0) return { action };
  for (const word of argv) if (word.includes("\uFFFD")) throw new UsageError(`"${word}": not UTF-8`);
  const image = operands.at(-1);
  const sources = operands.slice(0, -1);
  if (image === undefined || sources.length === 0)
    throw new UsageError("SOURCE and DEST are needed, in front of options");

  const settings = newSettings();
  for (let at = operands.length; at < argv.length; at++) {
    const name = argv[at]!;
    const asked = actionOf(name);
    if (asked !== undefined) return { action: asked };
    if (name === "-e") {
      if (at + 1 === argv.length) throw new UsageError("-e: needs an argument");
      settings.excludes.push(...argv.slice(at + 1));
      break;
    }
    const option = OPTIONS.get(name);
    if (option === undefined) throw new UsageError(refusal(name));
    const value = option.takesValue ? argv[++at] : "";
    if (value === undefined) throw new UsageError(`${name}: needs an argument`);
    option.apply(settings, value, name);
  }
  if (settings.append && image !== "-" && existsSync(image)) {
    const why = "is there already, and appending is not supported (-noappend overwrites it)";
    throw new ImageError("INPUT", `${image}: ${why}`, { path: image });
  }
  setTimes(settings, env.SOURCE_DATE_EPOCH);
  const { options, uid, gid } = settings;
  const opened = openSources(sources, image, settings);
  return squashfsJob({
    program: "ts-mksquashfs",
    image,
    source: opened.source,
    options: {
      ...options,
      ...parseMksquashfsWords(settings.compressor, settings.extra),
      uncompressed: settings.uncompressed,
      owner: uid === undefined && gid === undefined ? "keep" : { uid, gid },
      hardLinks: options.hardLinks ?? "keep",
      fragments: options.fragments ?? "small",
      exclude: opened.exclude,
      sort: opened.sort,
    },
    quiet: settings.quiet,
    progress: settings.progress,
  });
}

/** There is one text, so ways to choose a part of it get all. */
const HELP_WORDS = ["-h", "-help", "--help", "-Xhelp", "-ha", "-help-all", "-ho", "-help-option"].concat(
  ...["-hs", "-help-section", "-help-comp"],
);

function actionOf(word: string): "help" | "version" | undefined {
  if (word === "-version") return "version";
  return HELP_WORDS.includes(word) ? "help" : undefined;
}

function newSettings(): MksquashfsSettings {
  return {
    ...{ compressor: "gzip", extra: [], options: {}, uncompressed: [], root: {}, excludes: [], excludeFiles: [] },
    ...{ keepAsDirectory: false, noStrip: false, append: true, info: false, quiet: false, progress: "auto" },
    ...{ matching: "paths", pseudo: [], xattrs: [] },
  };
}

function refusal(name: string): string {
  const why =
    UNSUPPORTED[name] ??
    (name.endsWith("action") || name.endsWith("action-file") ? "actions are not supported" : undefined);
  if (why !== undefined) return `${name}: ${why}`;
  return name.startsWith("-")
    ? `${name}: unknown option`
    : `"${name}": sources and the image stand in front of options`;
}

/** The environment's time and options for times exclude each other, as for mksquashfs. */
function setTimes(settings: MksquashfsSettings, sourceDateEpoch: string | undefined): void {
  const { allTime, mkfsTime, options } = settings;
  if (sourceDateEpoch === undefined) {
    if (mkfsTime !== undefined) options.mkfsTime = mkfsTime;
    if (allTime === undefined) options.times = "keep";
    else Object.assign(options, { times: "fixed", timestamp: allTime });
    return;
  }
  if (allTime !== undefined || mkfsTime !== undefined) {
    throw new UsageError("SOURCE_DATE_EPOCH is set, so there can be no -mkfs-time and no -all-time");
  }
  Object.assign(options, { times: "clamp", timestamp: parseEpoch(sourceDateEpoch) });
}
