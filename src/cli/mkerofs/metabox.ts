/** `-m`: inodes in one of their own, which is compressed. */
import { parseAlgorithms } from "../shared/compressor-words.ts";
import { UsageError } from "../shared/getopt.ts";
import { parseNumber } from "../shared/numbers.ts";
import { type Option, rowsFor } from "../shared/option.ts";
import { text } from "../shared/value.ts";
import type { Settings } from "./settings.ts";

const { valued } = rowsFor<Settings>();

/** Its row. */
export const METABOX: Option<Settings> = valued({
  names: "-m",
  value: text("#[:X]", parseMetabox, "number"),
  sets: ({ pclusterSize, algorithm }, { compression, metabox = {} }) => {
    const given = { ...(metabox === true ? {} : metabox), pclusterSize };
    if (algorithm === undefined) return { metabox: given };
    if (typeof algorithm === "number") return { metabox: { ...given, algorithm } };
    const before = compression === undefined ? [] : [compression];
    const words = [...before, algorithm].join(":");
    return { metabox: { ...given, algorithm: words.split(":").length - 1 }, compression: words };
  },
  formats: ["erofs"],
  help:
    "inodes, and what stands beside them, are in one inode, which is compressed in clusters of # bytes, no more than files " +
    "have: by X, an algorithm as of -z, which is then one of these, or its number there, counted from 0; for Linux 6.17 " +
    "and later. Without any algorithm it is not compressed",
});

/** What `-m` gives: bytes of a cluster, and a number among the algorithms or the words of another one. */
function parseMetabox(name: string, given: string): { pclusterSize: number; algorithm: number | string | undefined } {
  const [, size = "", algorithm] = /^([^:]*)(?::(.*))?$/s.exec(given)!;
  const pclusterSize = parseNumber(name, size, { min: 1, max: 2 ** 20, suffix: true });
  if (algorithm === undefined) return { pclusterSize, algorithm };
  // nothing behind the colon is 0 in the C tool too
  if (/^\d*$/.test(algorithm)) return { pclusterSize, algorithm: Number(algorithm) };
  if (algorithm.includes(":")) throw new UsageError(`${name}: "${algorithm}" is more than one algorithm`);
  parseAlgorithms(algorithm, name);
  return { pclusterSize, algorithm };
}
