/** The file of `--compress-hints`, as mkfs.erofs takes it: `BYTES [ALGORITHM] REGEX` a line, `#` for comments. */
import type { CompressHint } from "../../erofs/compress-options.ts";
import { compileEre } from "../../stage/text/ere.ts";
import { UsageError } from "../shared/getopt.ts";

/** What the file says, and what is to be said of it. */
export interface Hints {
  hints: CompressHint[];
  warnings: string[];
}

/** What hints are for. */
export interface HintLimits {
  /** Bytes of a block: clusters are whole ones. A line with others is for nothing, as in the C tool, with a warning. */
  blockSize: number;
  /** Most bytes of a cluster: what is larger becomes that, with a warning. */
  most: number;
  /** How many algorithms there are to choose from; undefined: nothing is compressed. */
  algorithms: number | undefined;
}

/**
 * Parses the file's text.
 *
 * @param name what messages call the file
 * @throws UsageError naming the line
 */
export function parseHints(name: string, text: string, { blockSize, most, algorithms }: HintLimits): Hints {
  const hints: CompressHint[] = [];
  const warnings: string[] = [];
  text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .forEach((line, index) => {
      if (line.trim() === "" || line.startsWith("#")) return;
      const where = `${name}: line ${index + 1}`;
      const parts = /^[\t ]*(\d+)[\t ]+(?:(\S+)[\t ]+)?(.*\S)[\t ]*\r?$/.exec(line);
      if (!parts) throw new UsageError(`${where}: not BYTES [ALGORITHM] REGEX`);
      const [, pclusterSize, algorithm = "0", pattern = ""] = parts;
      // as in the C tool: of three words the second is no part of the expression
      if (!/^\d+$/.test(algorithm)) throw new UsageError(`${where}: "${algorithm}" is no number of an algorithm of -z`);
      if (algorithms !== undefined && Number(algorithm) >= algorithms)
        throw new UsageError(`${where}: -z has no algorithm ${algorithm}: the last one is ${algorithms - 1}`);
      if (line.includes("\uFFFD")) throw new UsageError(`${where}: not UTF-8`);
      try {
        compileEre(pattern);
      } catch (error) {
        throw new UsageError(`${where}: ${(error as Error).message}`);
      }
      const bytes = Number(pclusterSize);
      if (bytes % blockSize !== 0) {
        const why = `${bytes} is no multiple of the block size, ${blockSize}`;
        warnings.push(`${where}: ${why}, so the line counts for nothing`);
        return;
      }
      if (bytes > most) warnings.push(`${where}: clusters of ${bytes} bytes are too large, so they have ${most}`);
      hints.push({ pclusterSize: Math.min(bytes, most), algorithm: Number(algorithm), pattern });
    });
  return { hints, warnings };
}
