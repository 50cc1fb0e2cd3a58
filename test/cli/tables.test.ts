/** The tables of options: whatever stands in one is understood, explained, and suggested for what was misspelt. */
import { mkdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { MANUAL as GENSQUASHFS } from "../../src/cli/gensquashfs/manual.ts";
import { parseGensquashfs } from "../../src/cli/gensquashfs/options.ts";
import { MANUAL as IMAGEFS } from "../../src/cli/imagefs/manual.ts";
import { parseImagefs } from "../../src/cli/imagefs/options.ts";
import type { LookName } from "../../src/cli/imagefs/settings.ts";
import { OPTIONS as IMAGEFS_OPTIONS } from "../../src/cli/imagefs/table.ts";
import { MANUAL as MKEROFS } from "../../src/cli/mkerofs/manual.ts";
import { parseOptions } from "../../src/cli/mkerofs/options.ts";
import { MANUAL as MKSQUASHFS } from "../../src/cli/mksquashfs/manual.ts";
import { parseMksquashfs } from "../../src/cli/mksquashfs/options.ts";
import { UsageError } from "../../src/cli/shared/getopt.ts";
import { formatHelp, labelOf } from "../../src/cli/shared/manual/help.ts";
import { type Manual, optionsOf } from "../../src/cli/shared/manual/manual.ts";
import type { Option } from "../../src/cli/shared/option.ts";
import { COMPRESSORS } from "../../src/squashfs/disk/compressors.ts";
import { type CommandName, runCommand } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("cli-tables");
const [list, folder, image] = [`${scratch}/list`, `${scratch}/folder`, `${scratch}/image`];
beforeAll(() => {
  writeFileSync(list, "");
  mkdirSync(folder);
});

type AnyOption = Option<never>;

interface Command {
  readonly name: CommandName;
  readonly manual: Manual<never>;
  readonly options: readonly AnyOption[];
  /** Parses a line with these options, and operands. */
  parse(options: readonly string[]): { action: string };
}

const COMMANDS: readonly Command[] = [
  {
    name: "mkerofs",
    manual: MKEROFS as unknown as Manual<never>,
    options: optionsOf(MKEROFS) as unknown as readonly AnyOption[],
    parse: (options) =>
      parseOptions(
        [...options, ...(/--(?:closure(?!-of)|manifest\b(?!-))/.test(options.join(" ")) ? [image] : [image, folder])],
        {},
      ),
  },
  {
    name: "gensquashfs",
    manual: GENSQUASHFS as unknown as Manual<never>,
    options: optionsOf(GENSQUASHFS) as unknown as readonly AnyOption[],
    parse: (options) =>
      options.includes("--closure-of")
        ? parseGensquashfs([...options, image, folder], {})
        : parseGensquashfs(
            [...(/--zip|--tar|--(?:nix-)?closure=/.test(options.join(" ")) ? [] : ["-D", folder]), ...options, image],
            {},
          ),
  },
  {
    name: "imagefs",
    manual: IMAGEFS as unknown as Manual<never>,
    options: optionsOf(IMAGEFS) as unknown as readonly AnyOption[],
    parse: (options) => {
      const look = lookFor(options);
      return parseImagefs([look, ...options, ...(look === "diff" ? [image, image] : [image])]);
    },
  },
  {
    name: "mksquashfs",
    manual: MKSQUASHFS as unknown as Manual<never>,
    options: optionsOf(MKSQUASHFS) as unknown as readonly AnyOption[],
    parse: (options) =>
      parseMksquashfs(
        [/^-(?:manifest|tar|(?:nix-)?closure)$/m.test(options.join("\n")) ? "-" : folder, image, ...options],
        {},
      ),
  },
];

/** A command of ts-imagefs that has all of these options. */
function lookFor(options: readonly string[]): LookName {
  const names = options.map((each) => each.replace(/=.*/, ""));
  const own = (Object.keys(IMAGEFS_OPTIONS) as LookName[]).find((name) =>
    IMAGEFS_OPTIONS[name].some((option) => option.names.some((each) => names.includes(each))),
  );
  return own ?? "ls";
}

/** An argument for what takes no text at will. */
const SAMPLES: Readonly<Record<string, string>> = {
  "--tar": "f",
  "-m": "4096",
  ...{
    "-U": "clear",
    "-z": "lz4",
    "--target-kernel": "6.12",
    "--zD": "1",
    "--chunksize": "65536",
    "--chmod": "*=755",
    "--MZ": "id",
    "--verity-salt": "00",
    "-verity-salt": "00",
    "--verity-uuid": "12345678-9abc-def0-1234-56789abcdef0",
    "-verity-uuid": "12345678-9abc-def0-1234-56789abcdef0",
  },
  ...{ "--comp-extra": "level=3", mode: "755", level: "3" },
  ...{ "-mkfs-time": "inode", "-all-time": "2001-02-03", "-root-time": "1", "-repro-time": "1 jan 1980" },
  ...{ "-action": "noop@true", "-va": "prune@name(x)", "-ta": "noop@true", "-fa": "noop@true" },
  ...{ "-p": "a d 755 0 0", "-pd": "d 755 0 0", "-xattrs-add": "user.a=b", "-help-comp": "gzip", "-e": "a" },
};

/** An option of mksquashfs that some compressor has: which, and a value for it. */
function compressorOf({ names }: AnyOption): { name: string; value: string } | undefined {
  for (const [name, { settings, words = [] }] of Object.entries(COMPRESSORS)) {
    const word = words.find(({ mksquashfs }) => mksquashfs !== undefined && names.includes(mksquashfs));
    const selected = Object.keys(word?.selects ?? {})[0];
    if (word?.sets === "filters") return { name, value: "x86" };
    if (word?.sets === "dictSize") return { name, value: "100%" };
    if (word) return { name, value: `${(word.sets && settings[word.sets]?.normal) ?? word.only ?? selected}` };
  }
  return undefined;
}

function sampleOf(option: AnyOption): string {
  const { names, value, words } = option;
  const samples = [...names.map((name) => SAMPLES[name]), compressorOf(option)?.value];
  const known = samples.find((sample) => sample !== undefined);
  if (known !== undefined) return known;
  switch (value?.kind) {
    case "number":
      return String(Math.max((value.range ?? value.ranges?.erofs)?.min ?? 1, 1));
    case "choice":
      return value.choices![0]!;
    case "file":
      return list;
    case "directory":
      return folder;
    case "words":
      return wordOf(words[0]!);
    case "mode":
      return "755";
    default:
      return value?.kind === "user" || value?.kind === "group" ? "0" : "x";
  }
}

/** A word of a list, with a value if it needs one. */
function wordOf(word: AnyOption): string {
  return word.argument === "required" ? `${word.names[0]}=${sampleOf(word)}` : word.names[0]!;
}

/** The words of a command line that give an option. */
function give(name: string, option: AnyOption, argument = sampleOf(option)): string[] {
  if (option.argument === "none") return [name];
  return name.startsWith("--") ? [`${name}=${argument}`] : [name, argument];
}

/** What has to stand beside an option for it to mean something. */
function companions(option: AnyOption): string[] {
  const { needs, names } = option;
  const compressor = compressorOf(option);
  if (compressor) return ["-comp", compressor.name];
  if (names.includes("--all-time")) return ["-T", "0"];
  if (/^--?verity-/.test(names[0]!)) return names[0]!.startsWith("--") ? ["--verity"] : ["-verity"];
  if (names.includes("--blobdev")) return ["--chunksize=4096"];
  return needs === "-z" ? ["-z", "lz4"] : [];
}

/** What a command does that is not asked for something else. */
const DONE = ["build", "look"];
const literally = (text: string) => text.replace(/[[\]()|^.*+?]/g, "\\$&");
const bare = (option: string) => option.replace(/^-+/, "");
const isOwn = ({ isRefused }: AnyOption) => !isRefused;

describe.each(COMMANDS)("ts-$name", ({ name, manual, options, parse }) => {
  const own = options.filter(isOwn);
  const help = formatHelp(manual, 80);

  test("no name stands twice", () => {
    const names = options.flatMap((option) => option.names);
    expect(names.filter((each, index) => names.indexOf(each) !== index)).toEqual([]);
    for (const { words } of options) {
      const list = words.flatMap((word) => word.names);
      expect(list.filter((each, index) => list.indexOf(each) !== index)).toEqual([]);
    }
  });

  test("every option and word has a text, in ASCII and without an end of a sentence", () => {
    for (const option of options.flatMap((each) => [each, ...each.words])) {
      expect(option.help, option.names[0]).toMatch(/^[\x20-\x7e]+[^.\s]$/);
    }
  });

  test("--help names every option and word that is there, and no other", () => {
    const labels = help.match(/^ {2,4}(?! )\S.*$/gm)!.map((line) => line.trim());
    const isShown = (option: AnyOption) => labels.some((line) => line.startsWith(labelOf(option)));
    expect(own.filter((option) => !isShown(option)).map(labelOf)).toEqual([]);
    const typed = new Set(help.match(/(?<=^ {2}|^ {2}(?:-\S+, )+)--?[A-Za-z][\w-]*/gm));
    // what is asked for alone is no option of a line; its own test is that of completions
    const known = [...own.flatMap(({ names }) => names), "--completion"];
    expect([...typed].filter((each) => !known.some((one) => each.startsWith(one)))).toEqual([]);
    for (const word of own.flatMap(({ words }) => words.filter(isOwn))) {
      expect(help).toMatch(new RegExp(`^ {4}(?:\\[\\^\\])?${word.names[0]}(?=[[= ]|$)`, "m"));
    }
  });

  test.each([20, 21, 33, 40, 59, 60, 61, 80, 99, 120, 200, Number.POSITIVE_INFINITY])("fits %d columns", (columns) => {
    const lines = formatHelp(manual, columns).split("\n");
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    expect(lines.filter((line) => /\s$/.test(line))).toEqual([]);
    expect(lines.at(-1)).toBe("");
    expect(lines.join("\n")).not.toContain("\n\n\n");
  });

  test("examples come before options", () => {
    expect(help.search(/^Examples:$/m)).toBeLessThan(help.search(/^ {2}-/m));
  });

  test("in a pipe, --help has 80 columns", () => {
    expect(runCommand(scratch, name, ["--help"])).toEqual({ status: 0, out: help, err: "" });
  });

  describe.each(own.map((option) => [labelOf(option), option] as const))("%s", (_, option) => {
    test("is understood by each of its names", () => {
      for (const typed of option.names) {
        const { action } = parse([...companions(option), ...give(typed, option)]);
        expect(DONE.includes(action)).toBe(option.asks === undefined);
      }
    });

    test("is suggested for what is spelt nearly like it", () => {
      for (const typed of option.names.filter((each) => bare(each).length >= 5)) {
        const at = typed.length - 2;
        const wrong = `${typed.slice(0, at)}${typed[at + 1]}${typed[at]}`;
        if (wrong === typed) continue;
        // dashes in front count nothing, and the first of equally near ones is taken
        const found = own.flatMap(({ names }) => names).find((each) => bare(each) === bare(typed));
        expect(() => parse([wrong])).toThrow(new UsageError(`${wrong}: unknown option`, `Did you mean ${found}?`));
      }
    });
  });

  test("every word of a list is understood, and with ^ before it if it can be switched off", () => {
    for (const option of own.filter(({ words }) => words.length > 0)) {
      for (const word of option.words.filter(isOwn)) {
        if (name !== "mkerofs" && option.names.includes("-X")) continue; // see below
        const beside = option.names.includes("-E") ? ["-z", "lz4"] : [];
        if (word.formats?.includes("squashfs")) beside.push("--format=squashfs");
        for (const typed of word.isSwitch ? [wordOf(word), `^${word.names[0]}`] : [wordOf(word)]) {
          expect(DONE).toContain(parse([...beside, ...give(option.names.at(-1)!, option, typed)]).action);
        }
      }
    }
  });

  test("what is not there is refused with its reason", () => {
    for (const option of options.filter(({ isRefused }) => isRefused)) {
      for (const typed of option.names) {
        expect(() => parse(give(typed, option))).toThrow(new UsageError(`${typed}: ${option.help}`));
      }
    }
  });

  test("what has no effect without another option is taken, with a warning", () => {
    for (const option of own) {
      const needy = [option, ...option.words].filter(({ needs }) => needs !== undefined);
      for (const word of needy) {
        const typed = option === word ? give(option.names[0]!, option) : give(option.names[0]!, option, wordOf(word));
        const shown = option === word ? option.names[0] : `${option.names[0]} ${word.names[0]}`;
        expect(parse(typed)).toMatchObject({
          action: expect.toBeOneOf(DONE),
          warnings: [`${shown} has no effect without ${word.needs}`],
        });
      }
    }
  });
});

test("what ts-mkerofs has for EROFS alone is refused for SquashFS", () => {
  const { options, parse } = COMMANDS[0]!;
  const only = options.filter(({ formats, isRefused }) => formats !== undefined && !isRefused);
  expect(only.length).toBeGreaterThan(10);
  for (const option of only) {
    const typed = option.names[0]!;
    const message = option.words.length > 0 ? `${typed} ${option.words[0]!.names[0]}` : typed;
    expect(() => parse(["--format=squashfs", ...give(typed, option)])).toThrow(
      new UsageError(`${message}: not for SquashFS`),
    );
  }
});

test("--help of ts-mkerofs spells options as that of mkfs.erofs does, since scripts look for them there", () => {
  const help = formatHelp(MKEROFS, 80);
  const theirs = [
    ...["-V, --version", "-h, --help", "-b#", "-d<0-9>", "-x#", "-zX[,level=Y]", "-C#", "-EX[,...]", "-L volume-label"],
    ...["-T#", "--all-time", "--mkfs-time", "-UX", "--zD[=<0|1>]", "--all-root", "--chunksize=#", "--compress-hints=X"],
    ...["--dsunit=#", "--exclude-path=X", "--exclude-regex=X", "--force-uid=#", "--force-gid=#", "--fsalignblks=#"],
    ...["--uid-offset=#", "--gid-offset=#", "--hard-dereference", "--ignore-mtime", "--max-extent-bytes=#", "-m#[:X]"],
    ...["--mount-point=X", "--preserve-mtime", "--offset=#", "--sort=<path,none>", "--quiet", "--workers=#"],
    ...["--async-queue-limit=#", "--MZ[=<0|[id]>]", "--clean[=X]", "--ovlfs-strip[=<0,1>]", "libdeflate", "fragdedupe"],
    ...["--aufs", "--tar[=X]", "--ungzip[=X]", "--blobdev=X", "--vmdk-desc=X"],
    ...["lz4", "lz4hc", "deflate", "zstd", "ztailpacking", "fragments", "all-fragments", "dedupe", "48bit"],
  ];
  for (const spelling of theirs) expect(help).toMatch(new RegExp(`^ +(?:\\[\\^\\])?${literally(spelling)}`, "m"));
  // and what is not there is not found
  for (const spelling of ["--oci", "--s3"]) expect(help).not.toContain(spelling);
});
