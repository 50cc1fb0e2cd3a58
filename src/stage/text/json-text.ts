/** JSON of files: parsed by the engine; where that fails, this says on which line, as engines tell it in many ways or not. */
import { ImageError } from "../../core/error.ts";
import { excerpt } from "../../core/excerpt.ts";

const LITERAL = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/** Parses a text. Throws `INPUT` naming the line, with what stands there. @param name what messages call the file */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const at = findFault(text);
    const line = text.slice(0, at).split("\n").length;
    const rest = text.slice(at).trim().split("\n")[0]!;
    const why = rest === "" ? "ends in the middle of JSON" : `${excerpt(rest)} is no JSON`;
    throw new ImageError("INPUT", `${name}:${line}: ${why}`, { path: name, cause });
  }
}

/** What may follow: a value, a key, a colon, or what is behind a value. */
type Expected = "value" | "key" | "colon" | "end";

/** Where the first thing stands that cannot be there. */
function findFault(text: string): number {
  const open: string[] = [];
  let expected: Expected = "value";
  let isFirst = false;
  for (let at = skipBlanks(text, 0); ; at = skipBlanks(text, at)) {
    const mark = text[at] ?? "";
    const end = endOfScalar(text, at);
    if ((mark === "}" || mark === "]") && open.at(-1) === mark && (expected === "end" || isFirst)) {
      open.pop();
      expected = "end";
    } else if (mark === "," && expected === "end" && open.length > 0) expected = open.at(-1) === "}" ? "key" : "value";
    else if (mark === ":" && expected === "colon") expected = "value";
    else if (expected === "key" && mark === '"' && end > at) expected = "colon";
    else if (expected === "value" && end > at) expected = "end";
    else if (expected === "value" && (mark === "{" || mark === "[")) {
      open.push(mark === "{" ? "}" : "]");
      expected = mark === "{" ? "key" : "value";
    } else return at;
    isFirst = mark === "{" || mark === "[";
    at = Math.max(end, at + 1);
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text[at]!)) at++;
  return at;
}

/** Where a string, a number or a word ends that begins at `at`; `at` itself where none does. */
function endOfScalar(text: string, at: number): number {
  if (text[at] !== '"') {
    LITERAL.lastIndex = at;
    return at + (LITERAL.exec(text)?.[0].length ?? 0);
  }
  for (let quote = text.indexOf('"', at + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text[quote - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return isString(text.slice(at, quote + 1)) ? quote + 1 : at;
  }
  return at;
}

function isString(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
