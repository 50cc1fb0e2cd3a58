/** Dumps, and what is true of each. */
import { dumpImage } from "../../src/inspect/dump.ts";

/** How lines begin of what lies in the metabox. */
const BOX = "box:";

/** All lines of a dump. Throws unless they name every byte of the image once, and none is unknown unless that may be. */
export async function dumpLines(image: Uint8Array, mayBeUnknown = false): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of dumpImage(image)) lines.push(line);
  const boxed = lines.filter((line) => line.startsWith(BOX));
  checkTiling(
    lines.filter((line) => !line.startsWith(BOX)),
    image.length,
  );
  checkTiling(
    boxed.map((line) => line.slice(BOX.length)),
    boxBytes(lines),
  );
  const unknown = lines.find((line) => /^((?:box:)?0x\S+|\s*\d+:\d+) +\d+ {2}unknown/.test(line));
  if (unknown !== undefined && !mayBeUnknown) throw new Error(unknown);
  return lines;
}

/** Bytes of the metabox; 0 where there is none. */
function boxBytes(lines: readonly string[]): number {
  const inode = lines.find((line) => line.includes(" (metabox) nid="));
  return Number(/ i_size=(\d+)/.exec(inode ?? "")?.[1] ?? 0);
}

/**
 * Throws unless the lines tile an image: each begins where the one before it ends, but for data that lies inside of other
 * data. Lines that begin with a blank are about what has been decoded.
 */
function checkTiling(lines: readonly string[], size: number): void {
  let end = 0;
  let isData = false;
  for (const line of lines) {
    if (line.startsWith(" ") && !/^ +\d+:\d+ +\d+ {2}|^ {4}at \d+: /.test(line)) throw new Error(line);
    if (line.startsWith(" ")) {
      end += fillerOf(line);
      continue;
    }
    const found = /^0x([0-9a-f]{8,}) +(\d+) {2}(\S+)/.exec(line);
    if (found === null) throw new Error(`what is this line: ${line}`);
    const [at, length] = [Number.parseInt(found[1]!, 16), Number(found[2])];
    const isAgain = isData && found[3] === "data" && at < end;
    if (at !== end && !isAgain) throw new Error(`${end} bytes are told, but the next line is: ${line}`);
    end = Math.max(end, at + length) + fillerOf(line);
    isData = found[3] === "data";
  }
  if (end !== size) throw new Error(`${end} bytes of ${size} are told`);
}

function fillerOf(line: string): number {
  return Number(/, then (\d+) zeros?$/.exec(line)?.[1] ?? 0);
}
