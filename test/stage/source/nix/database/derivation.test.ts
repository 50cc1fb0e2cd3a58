/** What is read of a derivation. */
import { expect, test } from "vitest";
import { parseDerivationOutputs } from "../../../../../src/stage/source/nix/database/derivation.ts";

const parse = (text: string) => parseDerivationOutputs(text, "x.drv");

test("outputs come in the order of their names; those without a path are left out", () => {
  const outputs = '("out","/s/out","",""),("dev","/s/d\\"e\\\\v\\n","r:sha256","00"),("later","","r:sha256","")';
  expect(parse(`Derive([${outputs}],[],[],"x86_64-linux","/bin/sh",[],[])`)).toEqual([
    ["dev", '/s/d"e\\v\n'],
    ["out", "/s/out"],
  ]);
  expect(parse("Derive([],[])")).toEqual([]);
});

test("what is no derivation, or is cut off, is refused", () => {
  const text = 'Derive([("out","/s/out","",""),("dev","/s/dev","","")],';
  for (let length = 0; length < text.length; length++)
    expect(() => parse(text.slice(0, length)), text.slice(0, length)).toThrow("x.drv: is no derivation");
  expect(parse(text)).toHaveLength(2);
  for (const wrong of ['Derive([("out","/s/out",""),', 'Derive([("out" "/s/out","","")],', "#!/bin/sh"])
    expect(() => parse(wrong)).toThrow("x.drv: is no derivation");
});
