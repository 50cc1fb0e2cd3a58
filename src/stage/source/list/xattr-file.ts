/** Attributes by path, as `getfattr --dump` writes them: `# file: PATH`, then `NAME="text"` (or without quotes), `NAME=0xHEX` or `NAME=0sBASE64`. */
import { bytesFromLatin1 } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { latin1Text } from "../../text/encoding.ts";
import { decodeValue } from "../../text/xattr-value.ts";
import { splitPath } from "../../tree/path.ts";
import type { Xattr } from "../../tree/xattrs.ts";

/** The attributes of one path, a latin1 string. */
export interface PathXattrs {
  path: string;
  where: string;
  xattrs: Xattr[];
}

const FILE = "# file: ";

/** Reads such a list. Throws `INPUT` naming the line. */
export function parseXattrFile(text: Uint8Array, name: string): PathXattrs[] {
  const paths: PathXattrs[] = [];
  let number = 0;
  for (const raw of latin1Text(text, name).split("\n")) {
    number++;
    const where = `${name}:${number}`;
    const line = raw.replace(/[ \t\r]+$/, "");
    if (line.startsWith(FILE)) paths.push({ path: toPath(line.slice(FILE.length), where), where, xattrs: [] });
    if (line === "" || line.startsWith("#")) continue;
    const [, key, value = ""] = /^([^=]+)=?(.*)$/s.exec(line) ?? [];
    const current = paths.at(-1);
    if (key === undefined || current === undefined) {
      throw new ImageError("INPUT", `${where}: neither "# file: PATH" nor an attribute of one`);
    }
    current.xattrs.push({ name: bytesFromLatin1(withoutEscapes(key)), value: parseValue(value, where) });
  }
  return paths;
}

function toPath(text: string, where: string): string {
  const path = withoutEscapes(text);
  try {
    splitPath(path);
    return path;
  } catch (error) {
    throw new ImageError("INPUT", `${where}: ${(error as Error).message}`);
  }
}

function parseValue(value: string, where: string): Uint8Array {
  const encoded = decodeValue(value, (why) => new ImageError("INPUT", `${where}: ${why}`));
  return encoded ?? bytesFromLatin1(withoutEscapes(/^"(.*)"$/s.exec(value)?.[1] ?? value));
}

/** `\\`, `\"` and octal digits. */
function withoutEscapes(text: string): string {
  return text.replace(/\\([0-7]{1,3}|.)/gs, (_, escaped: string) =>
    /^[0-7]/.test(escaped) ? String.fromCharCode(Number.parseInt(escaped, 8) & 0xff) : escaped,
  );
}
