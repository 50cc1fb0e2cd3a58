/** What getfattr prints, read in pieces of any size. */
import { describe, expect, test } from "vitest";
import { ImageError } from "../../../../src/core/error.ts";
import { GetfattrOutput } from "../../../../src/stage/source/xattr/getfattr-output.ts";

/** What is made of pieces of output: `path` by file, then `name=bytes` by attribute, then `end`. */
function read(pieces: readonly string[]): string[] {
  const seen: string[] = [];
  const output = new GetfattrOutput({
    file: (path) => seen.push(path),
    attribute: (name, value) => seen.push(`${name}=${[...value]}`),
    end: () => seen.push("end"),
  });
  for (const piece of pieces) output.take(piece);
  output.finish();
  return seen;
}

const OUTPUT =
  '# file: /a b/\\012line\\134x\xff\nuser.a=0x00ff\nuser.\\075\\012"\\134\xfe=0x\n\n# file: /# file: x=0x\ntrusted.b=0x61\n\n';
const MEANT = [
  ...["/a b/\nline\\x\xff", "user.a=0,255", 'user.=\n"\\\xfe=', "end"],
  ...["/# file: x=0x", "trusted.b=97", "end"],
];

describe("output of getfattr", () => {
  test("is read whole, and cut anywhere", () => {
    expect(read([OUTPUT])).toEqual(MEANT);
    expect(read([...OUTPUT])).toEqual(MEANT);
    for (let cut = 0; cut <= OUTPUT.length; cut++) {
      expect(read([OUTPUT.slice(0, cut), OUTPUT.slice(cut)])).toEqual(MEANT);
    }
  });

  test("ends where it ends, with or without an empty line", () => {
    expect(read([])).toEqual([]);
    expect(read(["# file: /a\nuser.b=0x01"])).toEqual(["/a", "user.b=1", "end"]);
  });

  test.each(["user.a=0x00\n", "# file: /a\nuser.a=text\n", "# file: /a\nuser.a=0x0\n", "# file: /a\nuser.a\n", "#\n"])(
    "that is none of its kind is an error: %j",
    (text) => {
      expect(() => read([text])).toThrow(ImageError);
    },
  );
});
