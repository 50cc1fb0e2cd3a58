/** What is to be said for people of compressors and their words; made from the tables of the formats. */
import { CODECS, type CodecLevels } from "../../codec/names.ts";
import { ALGORITHMS } from "../../erofs/disk/algorithms.ts";
import { SETTINGS, type SettingName, type SettingRange } from "../../squashfs/disk/compressor-settings.ts";
import { COMPRESSORS, type CompressorName } from "../../squashfs/disk/compressors.ts";
import { takesValue } from "./compressor-words.ts";
import type { Format } from "./value.ts";

/** A word of a C tool for one or more compressors. */
export interface WordHelp {
  readonly name: string;
  /** What is to be shown for its value, if it has one. */
  readonly value: string | undefined;
  readonly help: string;
}

/** The names by which mksquashfs and gensquashfs know compressors. */
export const COMPRESSOR_NAMES: readonly string[] = named(COMPRESSORS).flatMap(([name, { words }]) =>
  words ? [name] : [],
);

/** The words that a C tool has for some compressors, by default for all. */
export function wordsFor(tool: "mksquashfs" | "gensquashfs", compressors = COMPRESSOR_NAMES): WordHelp[] {
  const all = compressors.flatMap((name) => {
    const row = COMPRESSORS[name as CompressorName];
    return (row.words ?? []).map((word) => ({ name, row, word }));
  });
  const names = new Set(all.flatMap(({ word }) => word[tool] ?? []));
  // where there is one, it is known which
  const of = (name: string) => (compressors.length === 1 ? "" : `${name} `);
  const prefix = (name: string) => (compressors.length === 1 ? "" : `${name}: `);
  return [...names].map((option) => {
    const users = all.filter(({ word }) => word[tool] === option);
    const [{ name, word }] = users as [(typeof users)[0]];
    const { sets, becomes, only, selects, is } = word;
    if (becomes !== undefined) return { name: option, value: undefined, help: `${prefix(name)}compress better` };
    if (selects !== undefined) {
      const names = Object.entries(selects).map(([each, to]) => (to === name ? `${each} (default)` : each));
      return { name: option, value: "NAME", help: `${prefix(name)}${names.join(", ")}` };
    }
    if (sets === undefined) {
      const value = tool === "mksquashfs" ? "NAME" : undefined;
      return { name: option, value, help: `${prefix(name)}only "${only}" is there, which is so anyway` };
    }
    const { help, kind } = SETTINGS[sets];
    if (is !== undefined)
      return { name: option, value: undefined, help: `${prefix(name)}try this filter of code for each block` };
    if (!takesValue(word))
      return { name: option, value: undefined, help: `${prefix(users.map((user) => user.name).join(", "))}${help}` };
    const ranges = users.map((user) => `${of(user.name)}${showSetting(sets, user.row.settings[sets]!)}`);
    return { name: option, value: VALUES[kind], help: `${help}: ${ranges.join(", ")}` };
  });
}

/** What stands for a value in help. */
const VALUES = { number: "N", size: "SIZE", flag: undefined, names: "NAME,..." } as const;

function showSetting(setting: SettingName, range: SettingRange): string {
  if (range.names) return range.names.join(" ");
  if (SETTINGS[setting].kind === "size") return `${range.lowest} up to a block, the default`;
  const { lowest, highest, normal } = range;
  return `${lowest} to ${highest} (default ${normal})`;
}

/** A compressor of one format or both. */
export interface CompressorHelp {
  readonly name: string;
  /** Undefined: of both. */
  readonly formats: readonly Format[] | undefined;
  readonly help: string;
  /** Its normal level. */
  readonly normal: string | undefined;
}

/** All that `-z` may name. */
export function compressorsHelp(): CompressorHelp[] {
  const erofs = new Map(named(ALGORITHMS).map(([name, { codec }]) => [`${name}`, levelsHelp(CODECS[codec].levels)]));
  const squashfs = new Map(named(COMPRESSORS).map(([name, { settings }]) => [`${name}`, rangeHelp(settings.level)]));
  return [...new Set([...erofs.keys(), ...squashfs.keys()])].map((name) => {
    const levels = [erofs.get(name), squashfs.get(name)].filter((each) => each !== undefined);
    const shown = inBoth(levels.map(({ range }) => range));
    const formats = erofs.has(name) ? (squashfs.has(name) ? undefined : EROFS) : SQUASHFS;
    return {
      name,
      formats,
      help: shown === undefined ? (name === "none" ? "nothing is compressed" : "no levels") : `levels ${shown}`,
      normal: inBoth(levels.map(({ normal }) => normal)),
    };
  });
}

/** Levels as they are shown. */
interface LevelsHelp {
  readonly range: string;
  readonly normal: string;
}

/** Of a codec. Level 0 is another name for the normal one, where there are none that are called extreme. */
function levelsHelp(levels: CodecLevels | undefined): LevelsHelp | undefined {
  if (levels === undefined) return undefined;
  const { normal, lowest, highest, extreme } = levels;
  const more = extreme === undefined ? "" : ` and ${extreme + lowest} to ${extreme + highest}`;
  return { range: `${extreme === undefined ? Math.max(lowest, 1) : lowest} to ${highest}${more}`, normal: `${normal}` };
}

function rangeHelp(range: SettingRange | undefined): LevelsHelp | undefined {
  if (range === undefined || range.highest === 0) return undefined;
  return { range: `${range.lowest} to ${range.highest}`, normal: `${range.normal}` };
}

const EROFS = ["erofs"] as const;
const SQUASHFS = ["squashfs"] as const;

/** What is known for EROFS, and for SquashFS where that differs. */
function inBoth([first, second = first]: readonly string[]): string | undefined {
  return second === first ? first : `${first}, of SquashFS ${second}`;
}

function named<K extends string, V>(table: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(table) as [K, V][];
}
