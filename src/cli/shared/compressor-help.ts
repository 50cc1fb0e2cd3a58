/** What is to be said for people of compressors and their words; made from the tables of the formats. */
import { CODECS, type CodecLevels } from "../../codec/names.ts";
import { ALGORITHMS } from "../../erofs/disk/algorithms.ts";
import { COMPRESSORS, type CompressorName, SETTINGS } from "../../squashfs/disk/compressors.ts";
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
  const names = new Set(all.map(({ word }) => word[tool]));
  // where there is one, it is known which
  const of = (name: string) => (compressors.length === 1 ? "" : `${name} `);
  const prefix = (name: string) => (compressors.length === 1 ? "" : `${name}: `);
  return [...names].map((option) => {
    const users = all.filter(({ word }) => word[tool] === option);
    const [{ name, word }] = users as [(typeof users)[0]];
    const { sets, becomes, only, selects } = word;
    if (becomes !== undefined) return { name: option, value: undefined, help: `${prefix(name)}compress better` };
    if (selects !== undefined) {
      const names = Object.entries(selects).map(([each, to]) => (to === name ? `${each} (default)` : each));
      return { name: option, value: "NAME", help: `${prefix(name)}${names.join(", ")}` };
    }
    if (sets === undefined) {
      const value = tool === "mksquashfs" ? "NAME" : undefined;
      return { name: option, value, help: `${prefix(name)}only "${only}" is there, which is so anyway` };
    }
    const ranges = users.map((user) => `${of(user.name)}${showRange(user.row.settings[sets]!)}`);
    return { name: option, value: "N", help: `${SETTINGS[sets].help}: ${ranges.join(", ")}` };
  });
}

function showRange(range: CodecLevels): string {
  return `${showLevels(range)} (default ${range.normal})`;
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
  const erofs = new Map(named(ALGORITHMS).map(([name, { codec }]) => [`${name}`, CODECS[codec].levels]));
  const squashfs = new Map(named(COMPRESSORS).map(([name, { settings }]) => [`${name}`, settings.level]));
  return [...new Set([...erofs.keys(), ...squashfs.keys()])].map((name) => {
    const ranges = [erofs.get(name), squashfs.get(name)].filter((range) => range !== undefined && range.highest > 0);
    const levels = inBoth(ranges.map((range) => showLevels(range!)));
    const formats = erofs.has(name) ? (squashfs.has(name) ? undefined : EROFS) : SQUASHFS;
    return {
      name,
      formats,
      help: levels === undefined ? (name === "none" ? "nothing is compressed" : "no levels") : `levels ${levels}`,
      normal: inBoth(ranges.map((range) => `${range!.normal}`)),
    };
  });
}

const EROFS = ["erofs"] as const;
const SQUASHFS = ["squashfs"] as const;

/** What is known for EROFS, and for SquashFS where that differs. */
function inBoth([first, second = first]: readonly string[]): string | undefined {
  return second === first ? first : `${first}, of SquashFS ${second}`;
}

/** Level 0 is another name for the normal one. */
function showLevels({ lowest, highest }: CodecLevels): string {
  return `${Math.max(lowest, 1)} to ${highest}`;
}

function named<K extends string, V>(table: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(table) as [K, V][];
}
