/** Random command lines: each is understood, or refused in one line that says why. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildErofs, buildSquashfs, directory } from "../dist/index.js";
import { MANUAL as GENSQUASHFS } from "../src/cli/gensquashfs/manual.ts";
import { parseGensquashfs } from "../src/cli/gensquashfs/options.ts";
import { MANUAL as IMAGEFS } from "../src/cli/imagefs/manual.ts";
import { parseImagefs } from "../src/cli/imagefs/options.ts";
import { MANUAL as MKEROFS } from "../src/cli/mkerofs/manual.ts";
import { parseOptions } from "../src/cli/mkerofs/options.ts";
import { MANUAL as MKSQUASHFS } from "../src/cli/mksquashfs/manual.ts";
import { parseMksquashfs } from "../src/cli/mksquashfs/options.ts";
import { UsageError } from "../src/cli/shared/getopt.ts";
import { optionsOf } from "../src/cli/shared/manual/manual.ts";
import type { Option } from "../src/cli/shared/option.ts";
import { ImageError } from "../src/core/error.ts";
import { type AnyCommandName, type CommandOutcome, runCommand } from "../test/helpers/commands.ts";
import type { Campaign, Outcome } from "./campaign.ts";
import { choices, type Random } from "./random.ts";

interface Parser {
  name: AnyCommandName;
  options: readonly Option<never>[];
  parse(argv: readonly string[], env: Record<string, string>): unknown;
}

const PARSERS: readonly Parser[] = [
  { name: "mkerofs", options: optionsOf(MKEROFS) as readonly Option<never>[], parse: parseOptions },
  { name: "mksquashfs", options: optionsOf(MKSQUASHFS) as readonly Option<never>[], parse: parseMksquashfs },
  { name: "imagefs", options: optionsOf(IMAGEFS) as readonly Option<never>[], parse: parseImagefs },
  { name: "gensquashfs", options: optionsOf(GENSQUASHFS) as readonly Option<never>[], parse: parseGensquashfs },
];

/** What is no right value of many an option, and what stands in the folder where lines are run. */
const NUMBERS = ["0", "1", "2", "-1", "4096", "4K", "64k", "1M", "1G", "512", "0x10", "010", "1e3", "1.5", " 7", "7 "];
const ODD = ["", "-", "--", "=", ",", ":", "^", "99999999999999999999", "é", "a\nb", "%s", "\\", "(", "[a", "*"];
const FILES = ["tree", "tree/file", "list", "none", "none/none", ".", "link", "x.tar", "image"];
const TEXTS = [
  "user.a=b",
  "/nix/store",
  "0644",
  "u+x",
  "root",
  "lz4",
  "zstd,level=3",
  "lz4hc:zstd",
  "trusted.overlay.",
];
const TIMES = ["now", "1970-01-01", "-62135596801", "4294967296", "2147483648"];
/** Each run takes one line through the parser; of so many one is also run, which takes a thousand times as long. */
const RUN_ONE_IN = 8;
const SECONDS = 60;

/** Random command lines through the parsers, and some of them through the commands. */
export const lines: Campaign = {
  what: "random command lines: what can be understood is built, all else is refused in one line",
  runs: 8000,
  async start(folder) {
    for (const build of [buildErofs, buildSquashfs])
      await build(directory(new URL(".", import.meta.url).pathname), `${folder}/${build.name}`);
    const before = process.cwd();
    process.chdir(folder);
    mkdirSync("parsed");
    process.chdir("parsed");
    makeFiles(".");
    return { run: (seed) => run(folder, seed), end: () => process.chdir(before) };
  },
};

function makeFiles(at: string): void {
  for (const build of [buildErofs, buildSquashfs]) symlinkSync(`../${build.name}`, `${at}/${build.name}.img`);
  mkdirSync(`${at}/tree/sub`, { recursive: true });
  writeFileSync(`${at}/tree/file`, "contents\n".repeat(1000));
  writeFileSync(`${at}/tree/sub/other`, "");
  writeFileSync(`${at}/list`, "tree\n");
  symlinkSync("tree", `${at}/link`);
}

function run(folder: string, seed: number): Outcome {
  const random = choices(seed);
  const parser = PARSERS[seed % PARSERS.length]!;
  const words = makeLine(parser, random);
  const env: Record<string, string> = random.oneIn(10) ? { SOURCE_DATE_EPOCH: random.pick([...TIMES, ...ODD]) } : {};
  const shown = JSON.stringify([parser.name, ...words, env]);
  const parsed = parseTwice(parser, words, env);
  if (parsed.finding !== undefined) return { ...parsed, kind: parser.name, finding: `${shown}\n${parsed.finding}` };
  if (!random.oneIn(RUN_ONE_IN) || words.some((word) => word.includes("\0"))) return { ...parsed, kind: parser.name };
  const own = mkdtempSync(join(folder, "run-"));
  makeFiles(own);
  const outcome = runCommand(own, parser.name, words, env, SECONDS * 1000);
  rmSync(own, { recursive: true, force: true });
  const finding = judge(parser.name, outcome);
  const result = `status ${outcome.status}`;
  return {
    kind: `${parser.name}, run`,
    result,
    finding: finding && `${shown}\n${finding}\n${JSON.stringify(outcome)}`,
  };
}

/** Options and operands in some order, most of them as the table has them. */
function makeLine({ name, options }: Parser, random: Random): string[] {
  const operands = random.oneIn(6)
    ? Array.from({ length: random.below(4) }, () => random.pick([...FILES, ...ODD]))
    : name === "imagefs"
      ? makeLook(random)
      : { gensquashfs: ["image"], mkerofs: ["image", "tree"], mksquashfs: ["tree", "image"] }[name];
  const given = Array.from({ length: random.below(6) }, () => makeOption(name, random.pick(options), random));
  const words = name === "gensquashfs" && !random.oneIn(8) ? [["-D", "tree"]] : [];
  for (const each of [...operands.map((word) => [word]), ...given]) {
    // mksquashfs wants its operands in front
    const at = name === "mksquashfs" && !random.oneIn(20) ? words.length : random.below(words.length + 1);
    words.splice(at, 0, each);
  }
  return words.flat();
}

/** A command of ts-imagefs with the images and paths that it takes. */
function makeLook(random: Random): string[] {
  const images = ["buildErofs.img", "buildSquashfs.img"];
  const paths = Array.from({ length: random.below(3) }, () =>
    random.pick(["lines.ts", "faults", "none", "/", "..", "*"]),
  );
  const word = random.pick(["info", "ls", "tree", "cat", "extract", "verify", "diff", "dump", "usage", "lss"]);
  return [word, random.pick(images), ...(word === "diff" ? [random.pick(images)] : paths)];
}

function makeOption(command: AnyCommandName, option: Option<never>, random: Random): string[] {
  let name = random.pick(option.names);
  if (random.oneIn(20)) name = damage(name, random);
  else if (name.startsWith("--") && random.oneIn(10)) name = name.slice(0, 3 + random.below(name.length - 2));
  if (option.argument === "none" && !random.oneIn(30)) return [name];
  if (option.argument === "optional" && random.oneIn(2)) return [name];
  if (random.oneIn(40)) return [name];
  const value = makeValue(option, random);
  if (command !== "mksquashfs" && name.startsWith("--")) {
    return option.argument === "optional" || random.oneIn(2) ? [`${name}=${value}`] : [name, value];
  }
  return command !== "mksquashfs" && (option.argument === "optional" || random.oneIn(2))
    ? [`${name}${value}`]
    : [name, value];
}

function makeValue({ value, words }: Option<never>, random: Random): string {
  if (random.oneIn(12)) return random.pick(ODD);
  if (words.length > 0) {
    const each = Array.from({ length: 1 + random.below(3) }, () => {
      const word = random.pick(words);
      const off = random.oneIn(6) ? "^" : "";
      const argument = word.value !== undefined && random.oneIn(2) ? `=${makeValue(word, random)}` : "";
      return `${off}${random.pick(word.names)}${argument}`;
    });
    return each.join(random.pick([",", ",", ":"]));
  }
  switch (value?.kind) {
    case "number":
      return random.oneIn(3) ? String(2 ** random.below(40)) : random.pick(NUMBERS);
    case "choice":
      return random.pick(value.choices ?? TEXTS);
    case "file":
    case "directory":
      return random.pick(FILES);
    case "user":
    case "group":
      return random.pick(["root", "0", "65536", "4294967295", "nobody", "none", "-1"]);
    case "mode":
      return random.pick(["0644", "u=rwx,go=", "+x", "7777", "10000", "a", "8", "u+q"]);
    default:
      return random.pick([...TEXTS, ...NUMBERS, ...TIMES, ...FILES]);
  }
}

/** A word with one character more, less or another. */
function damage(word: string, random: Random): string {
  const at = random.below(word.length + 1);
  return word.slice(0, at) + random.pick(["", "x", "-", "=", "É", "0"]) + word.slice(at + random.below(2));
}

/** What a parser makes of a line is the same a second time, and what it throws is a line for people. */
function parseTwice(
  { parse }: Parser,
  words: readonly string[],
  env: Record<string, string>,
): { result: string; finding?: string } {
  const [first, second] = [0, 1].map(() => {
    try {
      return { command: JSON.stringify(parse(words, env)) };
    } catch (error) {
      return { error };
    }
  });
  const { error } = first!;
  if (error === undefined) {
    const isRandom = JSON.stringify(first) !== JSON.stringify(second) && !words.some((word) => /random|now/.test(word));
    return isRandom ? { result: "", finding: "is understood in two ways" } : { result: "understood" };
  }
  if (!(error instanceof UsageError) && !(error instanceof ImageError)) {
    return { result: "", finding: `throws ${(error instanceof Error && error.stack) || String(error)}` };
  }
  if (String((second!.error as Error | undefined)?.message) !== error.message) {
    return { result: "", finding: `says ${error.message}, then something else` };
  }
  const said = error.message;
  if (said.trim() === "" || /undefined|NaN|\[object/.test(said.replace(/".*"/s, ""))) {
    return { result: "", finding: `says ${said}` };
  }
  return { result: "refused" };
}

/** A status of the three that there are, and nothing but lines that say who speaks. */
function judge(name: AnyCommandName, { status, out, err }: CommandOutcome): string | undefined {
  if (status === null) return `takes more than ${SECONDS} seconds, or is killed`;
  if (status > 2) return `has status ${status}`;
  if (/^\s+at .*:\d+:\d+\)?$|INTERNAL|node:internal/m.test(err + out)) return "shows a stack";
  // what differs, or is damaged, is told on standard output
  if (name === "imagefs" && status === 1 && err === "" && out !== "") return undefined;
  const [first = ""] = err.split("\n");
  if (status !== 0 && !/"status"|"error"/.test(out + err) && !first.startsWith(`ts-${name}: `)) return `says ${first}`;
  return undefined;
}
