/**
 * Sort files: the order in which the contents of files are stored, and how.
 *
 *     gensquashfs   -8000 [glob,dont_compress] bin/*      lower numbers first, paths of the image
 *     mksquashfs    bin/sh 100                            higher numbers first, files and directories
 */
import { ImageError } from "../../../core/error.ts";
import { showValue } from "../../../core/options/checks.ts";
import { LineReader, readLines } from "../../text/line-words.ts";
import { SORT_FLAGS, type SortRule } from "../../tree/file-order.ts";
import { splitPath } from "../../tree/path.ts";

/**
 * Reads a sort file of gensquashfs. Throws `INPUT` naming the line.
 *
 * @param name what messages call it
 */
export function parseSortFile(text: Uint8Array, name = "sort file"): SortRule[] {
  if (!(text instanceof Uint8Array)) {
    throw new ImageError("INPUT", `parseSortFile(): ${showValue(text)} is not the bytes of a sort file`);
  }
  return [...readLines(text, name)].map((line) => {
    const reader = new LineReader(line);
    const order = toPriority(reader, reader.need("the priority"), Number.MAX_SAFE_INTEGER);
    const rule: SortRule = { order, flags: 0, path: "", match: "exact" };
    if (reader.rest.startsWith("[")) {
      const words = /^\[([^\]]*)\][ \t]*/.exec(reader.rest);
      if (!words) throw reader.fail("[ is not closed");
      reader.skip(words[0].length);
      for (const word of words[1]!.split(",").map((part) => part.trim())) {
        if (word === "glob" || word === "glob_no_path") rule.match = word;
        else if (word === "align") throw reader.fail("align: not supported, nor by later versions of gensquashfs");
        else if (SORT_FLAGS[word] === undefined) throw reader.fail(`${word}: unknown flag`);
        else rule.flags |= SORT_FLAGS[word];
      }
    }
    const path = reader.nextAll();
    if (path === undefined) throw reader.fail("the path is missing");
    rule.path = tidy(path, reader);
    return rule;
  });
}

const MAX_PRIORITY = 32768;

/** Reads a sort file of mksquashfs, whose paths `toImage` turns into those of the image. Throws `INPUT` naming the line. */
export function parsePriorities(text: Uint8Array, name: string, toImage: (path: string) => string): SortRule[] {
  return [...readLines(text, name)].map((line) => {
    const reader = new LineReader(line);
    const path = reader.nextEscaped() ?? "";
    const order = -toPriority(reader, reader.need("the priority"), MAX_PRIORITY);
    reader.end();
    return { order, flags: 0, path: tidy(toImage(path), reader), match: "below" };
  });
}

function tidy(path: string, reader: LineReader): string {
  try {
    return splitPath(path).join("/");
  } catch (error) {
    throw reader.fail((error as Error).message);
  }
}

function toPriority(reader: LineReader, word: string, most: number): number {
  const value = /^[+-]?[0-9]+$/.test(word) ? Number(word) : Number.NaN;
  if (!(Math.abs(value) <= most)) throw reader.fail(`the priority is a number from ${-most} to ${most}`);
  return value;
}
