/** What callers may give, and what is said of everything else. */
import { describe, expect, test } from "vitest";
import {
  able,
  type Check,
  type Checks,
  callback,
  checkOptions,
  either,
  FLAG,
  list,
  NUMBER,
  needed,
  oneOf,
  record,
  showValue,
  TEXT,
} from "../../../src/core/options/checks.ts";
import { OptionError } from "../../../src/core/options/option-error.ts";
import { checkInteger, checkPowerOfTwo } from "../../../src/core/options/ranges.ts";

interface Colour {
  name: string;
  strength?: number | undefined;
}

interface Paint {
  colour?: "red" | "green" | Colour | undefined;
  layers?: readonly Colour[] | undefined;
  size?: number | undefined;
  shiny?: boolean | undefined;
  onDone?: (() => void) | undefined;
  signal?: AbortSignal | undefined;
}

const COLOUR: Checks<Colour> = { name: needed(TEXT), strength: NUMBER };
const PAINT: Checks<Paint> = {
  colour: either("red, green or {name, strength}", oneOf("red", "green"), record("part of a colour", COLOUR)),
  layers: list("an array of colours", record("part of a colour", COLOUR)),
  size: NUMBER,
  shiny: FLAG,
  onDone: callback(),
  signal: able("an AbortSignal", "addEventListener"),
};

const check = (given: unknown, elsewhere?: (key: string) => string | undefined) =>
  checkOptions(given, PAINT, elsewhere);

test("what its type allows is taken", () => {
  check({});
  check({ colour: undefined, onDone: undefined });
  // what is not given needs no name: JavaScript hands on whole objects with what is there and what is not
  check({ sise: undefined, toString: undefined, colour: { name: "x", strenght: undefined } });
  check({ colour: "red", layers: [], size: 0, shiny: false, onDone: () => undefined, signal: AbortSignal.abort() });
  check({ colour: { name: "x" }, layers: [{ name: "y", strength: 1 }] });
  check(Object.assign(Object.create(null), { size: 1 }));
});

test.each<[unknown, string]>([
  [null, "options: null is not an object"],
  [5, "options: 5 is not an object"],
  ["red", 'options: "red" is not an object'],
  [[], "options: [] is not an object"],
  [new Map([["size", 1]]), "options: a Map is not an object"],
  [Promise.resolve({ size: 1 }), "options: a Promise is not an object"],
  [() => ({ size: 1 }), "options: a function is not an object"],
  [{ sise: 1 }, "sise: there is no such option. Did you mean size?"],
  [{ sise: null }, "sise: there is no such option. Did you mean size?"],
  [{ toString: 1 }, "toString: there is no such option"],
  [{ size: "5" }, 'size: "5" is not a number'],
  [{ size: Number.NaN }, "size: NaN is not a number"],
  [{ size: 5n }, "size: 5n is not a number"],
  [{ size: null }, "size: null is not a number"],
  [{ shiny: "no" }, 'shiny: "no" is not a boolean'],
  [{ onDone: {} }, "onDone: {} is not a function"],
  [{ signal: {} }, "signal: {} is not an AbortSignal"],
  [{ signal: new AbortController() }, "signal: an AbortController is not an AbortSignal"],
  [{ colour: "gren" }, 'colour: "gren" is not red, green or {name, strength}. Did you mean green?'],
  [{ colour: "odd" }, 'colour: "odd" is not red, green or {name, strength}'],
  [{ colour: {} }, "colour.name: is missing: a string"],
  [
    { colour: { name: "x", strenght: 1 } },
    "colour.strenght: there is no such part of a colour. Did you mean strength?",
  ],
  [{ layers: "x" }, 'layers: "x" is not an array of colours'],
  [{ layers: [{ name: "x" }, { name: 5 }] }, "layers[1].name: 5 is not a string"],
  [{ layers: [["x"]] }, "layers[0]: […] is not an object"],
])("%o is refused: %s", (given, message) => {
  expect(() => check(given)).toThrow(expect.objectContaining({ name: "ImageError", code: "INPUT", message }));
});

test("a key that belongs elsewhere is said to", () => {
  const elsewhere = (key: string) => (key === "brush" ? "is a tool" : undefined);
  expect(() => check({ brush: 1 }, elsewhere)).toThrow("brush: is a tool");
  expect(() => check({ brushes: 1 }, elsewhere)).toThrow("brushes: there is no such option");
});

test("checks are for exactly their types", () => {
  // @ts-expect-error a key without a check
  const missing: Checks<Colour> = { name: needed(TEXT) };
  // @ts-expect-error a check without a key
  const more: Checks<Colour> = { ...COLOUR, shade: TEXT };
  // @ts-expect-error a key that must be there, whose check does not say so
  const loose: Checks<Colour> = { name: TEXT, strength: NUMBER };
  // @ts-expect-error less than the type of the field
  const less: Check<string | number> = TEXT;
  // @ts-expect-error more than the type of the field
  const beyond: Check<string> = either("a string or a number", TEXT, NUMBER);
  // @ts-expect-error other words than the type of the field
  const words: Check<"a" | "b"> = oneOf("a", "b", "c");
  expect([missing, more, loose, less, beyond, words]).toHaveLength(6);
});

describe("an error about an option", () => {
  const names = (option: string) => `--${option}`;

  test("says why in the words of whoever gave it", () => {
    const error = new OptionError("size", (name) => `not together with ${name("colour")}`);
    expect(error.message).toBe("size: not together with colour");
    expect(error.reworded(names).message).toBe("--size: not together with --colour");
    expect(error.reworded(names)).toMatchObject({ name: "ImageError", code: "INPUT", option: "size" });
  });

  test("of numbers says the range", () => {
    expect(() => checkInteger("size", 1.5, 0, 9)).toThrow("size: 1.5 is not an integer from 0 to 9");
    expect(() => checkPowerOfTwo("size", 3, 1, 4)).toThrow("size: 3 is not a power of two");
    expect([checkInteger("size", undefined, 0, 9), checkInteger("size", 9, 0, 9)]).toEqual([undefined, 9]);
  });
});

test.each<[unknown, string]>([
  ["x".repeat(100), `"${"x".repeat(60)}…"`],
  [Symbol("x"), "Symbol(x)"],
  [new Date(0), "a Date"],
  [{ a: 1 }, "{…}"],
  [new Uint8Array(1), "a Uint8Array"],
])("a value is shown in a few letters", (value, shown) => {
  expect(showValue(value)).toBe(shown);
});
