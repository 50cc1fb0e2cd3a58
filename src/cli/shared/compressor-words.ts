/**
 * What command lines say of compressors: `-z` of ts-mkerofs for either format, `-comp` and `-X…` of ts-mksquashfs, `-c`
 * and `-X` of ts-gensquashfs. Names, words and ranges are those of the formats' tables.
 */

import { didYouMean } from "../../core/options/suggest.ts";
import { ALGORITHMS, type Algorithm, type AlgorithmOptions } from "../../erofs/disk/algorithms.ts";
import {
  type CompressorSettings,
  SETTINGS,
  type SettingName,
  type SettingRange,
} from "../../squashfs/disk/compressor-settings.ts";
import {
  COMPRESSORS,
  type Compressor,
  type CompressorName,
  type CompressorWord,
} from "../../squashfs/disk/compressors.ts";
import { UsageError } from "./getopt.ts";
import { parseNumber } from "./numbers.ts";
import { formatName } from "./value.ts";

/** A compressor of SquashFS, and what is said of it. */
export interface CompressorChoice extends CompressorSettings {
  compressor: CompressorName;
}

/** The names by which mksquashfs and gensquashfs know compressors, and their words. */
const WORDS: Readonly<Record<string, readonly CompressorWord[]>> = Object.fromEntries(
  Object.entries(COMPRESSORS).flatMap(([name, { words }]) => (words ? [[name, words]] : [])),
);

/**
 * Names of mkfs.erofs for what has another name here: two libraries write DEFLATE there, of which libdeflate finds a little
 * more than our first two levels do. The lowest that is taken for it is the third, in less time than theirs.
 */
export const ALIASES: Readonly<Record<string, { algorithm: Algorithm; lowest: number }>> = {
  libdeflate: { algorithm: "deflate", lowest: 3 },
};

function aliasOf(typed: string) {
  return Object.hasOwn(ALIASES, typed) ? ALIASES[typed] : undefined;
}

/** Whatever the library makes of it. */
const U32 = { min: 0, max: 2 ** 32 - 1 };

/** What may stand behind the name of an algorithm. */
const ALGORITHM_WORDS: Readonly<Record<string, Exclude<keyof AlgorithmOptions, "algorithm">>> = {
  level: "level",
  dictsize: "dictSize",
  lc: "lc",
  lp: "lp",
  pb: "pb",
};

/**
 * `-z` for EROFS: `NAME`, `NAME,LEVEL` or `NAME,level=LEVEL,dictsize=BYTES,lc=N,lp=N,pb=N`, and more of
 * these behind colons.
 *
 * @param option where it stands
 * @throws UsageError for a name or a word that there is not
 */
export function parseAlgorithms(text: string, option = "-z"): AlgorithmOptions[] {
  return text.split(":").map((each) => {
    const [typed = "", ...settings] = each.split(",");
    const alias = aliasOf(typed);
    const name = alias?.algorithm ?? typed;
    if (isCompressor(name) && !isAlgorithm(name))
      throw new UsageError(`${option} ${name}: not for ${formatName("erofs")}`);
    checkName(option, name, Object.keys(ALGORITHMS));
    const result: AlgorithmOptions = { algorithm: name as Algorithm };
    for (const [index, setting] of settings.entries()) {
      const [, word, value] = /^(?:(\w+)=|(?=\d))(.*)$/.exec(setting) ?? [];
      const key = word ?? (value !== undefined && index === 0 ? "level" : "");
      if (!Object.hasOwn(ALGORITHM_WORDS, key))
        throw new UsageError(`${option}: "${setting}" says nothing about ${name}`);
      const set = ALGORITHM_WORDS[key]!;
      result[set] = parseNumber(`${option} ${each}`, value!, { ...U32, suffix: set === "dictSize" });
    }
    // 0 is refused where levels are checked
    if (alias && result.level !== 0) result.level = Math.max(alias.lowest, result.level ?? 0);
    return result;
  });
}

/**
 * `-z` for SquashFS: `NAME[,LEVEL]`.
 *
 * @throws UsageError for a name that there is not, and for what is no level
 */
export function parseCompressor(text: string): CompressorChoice {
  if (text.includes(":"))
    throw new UsageError(`-z: an image of ${formatName("squashfs")} has one compressor, not ${text}`);
  const [typed = "", level, ...more] = text.split(",");
  const name = aliasOf(typed)?.algorithm ?? typed;
  if (isAlgorithm(name) && !isCompressor(name)) throw new UsageError(`-z ${name}: not for ${formatName("squashfs")}`);
  checkName("-z", name, Object.keys(COMPRESSORS));
  if (more.length > 0) throw new UsageError(`-z: "${text}" is not NAME[,LEVEL]`);
  const compressor = name as CompressorName;
  if (level === undefined) return { compressor };
  return { compressor, level: parseNumber("-z", level.replace(/^level=/, ""), U32) };
}

/**
 * `-comp NAME` of mksquashfs, and the `-X…` options beside it with their values.
 *
 * @throws UsageError for a name that there is not, and for options that it does not have
 */
export function parseMksquashfsWords(name: string, options: readonly (readonly [string, string])[]): CompressorChoice {
  const words = wordsOf("-comp", name);
  const choice: CompressorChoice = { compressor: name as CompressorName };
  for (const [option, value] of options) {
    const word = words.find(({ mksquashfs }) => mksquashfs === option);
    if (word === undefined) throw new UsageError(`${option}: is no option of ${name}${butOf(option)}`);
    checkChoices(option, value, word);
    applyWord(choice, COMPRESSORS[name as CompressorName], word, { shown: option, value });
  }
  checkSelected(choice, words, ({ mksquashfs }) => mksquashfs);
  return choice;
}

/**
 * `-c NAME` of gensquashfs, and what stands behind its `-X`.
 *
 * @param typed what the two were called
 * @throws UsageError for a name that there is not, and for words that it does not have
 */
export function parseGensquashfsWords(
  name: string,
  extra: string | undefined,
  typed = { compressor: "-c", extra: "-X" },
): CompressorChoice {
  const words = wordsOf(typed.compressor, name);
  const row = COMPRESSORS[name as CompressorName];
  const choice: CompressorChoice = { compressor: name as CompressorName };
  for (const text of extra?.split(",") ?? []) {
    const [key = "", value] = text.split("=");
    const word = words.find((each) => each.gensquashfs === key && takesValue(each) === (value !== undefined));
    if (word === undefined) {
      throw new UsageError(`${typed.extra}: "${text}" is no option of ${name} here: ${showWords(row, words)}`);
    }
    applyWord(choice, row, word, { shown: `${typed.extra} ${key}`, value: value ?? "" });
  }
  checkSelected(choice, words, ({ gensquashfs }) => `${typed.extra} ${gensquashfs}`);
  return choice;
}

/** The word of a C tool that sets what the library calls `setting`, of a compressor by the tool's name for it. */
export function wordThatSets(
  tool: "mksquashfs" | "gensquashfs",
  compressor: string,
  setting: string,
): string | undefined {
  return WORDS[compressor]?.find(({ sets }) => sets === setting)?.[tool];
}

/** The compressors that do have an option of mksquashfs. */
function butOf(option: string): string {
  const owners = Object.keys(WORDS).filter((name) => WORDS[name]!.some(({ mksquashfs }) => mksquashfs === option));
  return owners.length === 0 ? "" : `, but of ${owners.join(" and ")}`;
}

function isAlgorithm(name: string): boolean {
  return Object.hasOwn(ALGORITHMS, name);
}

function isCompressor(name: string): boolean {
  return Object.hasOwn(COMPRESSORS, name);
}

/** Throws UsageError for a name by which mksquashfs and gensquashfs know no compressor. */
export function checkCompressorName(option: string, name: string): void {
  checkName(option, name, Object.keys(WORDS));
}

function checkName(option: string, name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  throw new UsageError(`${option}: "${name}" is none of ${names.join(", ")}`, didYouMean(name, names));
}

function wordsOf(option: string, name: string): readonly CompressorWord[] {
  checkCompressorName(option, name);
  return WORDS[name]!;
}

/** Throws UsageError for a list of what is not there, or in which all that our compressor has an equal of is missing. */
function checkChoices(option: string, value: string, { only, choices = [] }: CompressorWord): void {
  if (only === undefined) return;
  const given = value.split(",");
  const odd = given.find((each) => !choices.includes(each));
  if (odd !== undefined)
    throw new UsageError(`${option}: "${odd}" is none of ${choices.join(", ")}`, didYouMean(odd, choices));
  if (!given.includes(only)) throw new UsageError(`${option} ${value}: only the ${only} one is there`);
}

/** Whether a value follows a word. */
export function takesValue({ sets, selects, is }: CompressorWord): boolean {
  return selects !== undefined || (sets !== undefined && is === undefined && SETTINGS[sets].kind !== "flag");
}

/** Does what a word says; `shown` is what messages call it. */
function applyWord(
  choice: CompressorChoice,
  { settings }: Compressor,
  { sets, becomes, selects, is }: CompressorWord,
  { shown, value }: { shown: string; value: string },
): void {
  if (becomes !== undefined) choice.compressor = becomes;
  if (selects !== undefined) choice.compressor = select(shown, value, selects);
  const range = sets && settings[sets];
  if (range) Object.assign(choice, { [sets]: readValue(choice, sets, range, { shown, value: is ?? value }) });
}

/** What a setting comes to by a word; names are added to those that are there. */
function readValue(
  choice: CompressorChoice,
  setting: SettingName,
  { lowest, highest, names = [] }: SettingRange,
  { shown, value }: { shown: string; value: string },
): CompressorSettings[SettingName] {
  switch (SETTINGS[setting].kind) {
    case "flag":
      return true;
    case "number":
      return parseNumber(shown, value, { min: lowest, max: highest, decimal: true });
    case "size":
      return value.endsWith("%") ? value : parseNumber(shown, value, { ...U32, suffix: true, decimal: true });
    case "names": {
      const given = value.split(",");
      const odd = given.find((each) => !names.includes(each));
      if (odd !== undefined)
        throw new UsageError(`${shown}: "${odd}" is none of ${names.join(", ")}`, didYouMean(odd, names));
      return [...((choice[setting] ?? []) as readonly string[]), ...given];
    }
  }
}

function hasChoice(range: SettingRange | undefined): boolean {
  return range !== undefined && range.lowest < range.highest;
}

function select(shown: string, value: string, selects: Readonly<Record<string, CompressorName>>): CompressorName {
  if (Object.hasOwn(selects, value)) return selects[value]!;
  const names = Object.keys(selects);
  throw new UsageError(`${shown}: "${value}" is none of ${names.join(", ")}`, didYouMean(value, names));
}

/** Throws UsageError for what was set and does not exist where a word has made another compressor of it, in any order. */
function checkSelected(
  { compressor, ...set }: CompressorChoice,
  words: readonly CompressorWord[],
  show: (word: CompressorWord) => string | undefined,
): void {
  const { settings } = COMPRESSORS[compressor];
  const odd = words.find(({ sets }) => sets && set[sets] !== undefined && !hasChoice(settings[sets]));
  if (odd !== undefined) throw new UsageError(`${show(odd)}: is no option of ${compressor}`);
}

/** What can be said behind gensquashfs's `-X`, with ranges. */
function showWords({ settings }: Compressor, words: readonly CompressorWord[]): string {
  const shown = words.flatMap((word) => {
    const { gensquashfs, sets, selects } = word;
    if (gensquashfs === undefined) return [];
    if (selects !== undefined) return [`${gensquashfs}=NAME`];
    const range = sets && settings[sets];
    if (!range || !takesValue(word)) return [gensquashfs];
    return [`${gensquashfs}=${SETTINGS[sets].kind === "size" ? "SIZE" : `${range.lowest}..${range.highest}`}`];
  });
  return shown.length === 0 ? "it has none" : shown.join(", ");
}
