/** Arrays in few lines. */
import { expect, test } from "vitest";
import { type Element, elementLines } from "../../src/inspect/element-lines.ts";

async function linesOf(values: readonly Record<string, unknown>[], length = 4): Promise<string[]> {
  async function* elements(): AsyncGenerator<Element> {
    for (const [index, fields] of values.entries()) yield { at: 64 + index * length, length, name: "element", fields };
  }
  const lines: string[] = [];
  for await (const line of elementLines(elements())) lines.push(line);
  return lines.map((line) => line.replace(/ +/g, " "));
}

test("three and more in equal steps are one line", async () => {
  expect(
    await linesOf([
      { a: 1, b: 9 },
      { a: 2, b: 9 },
      { a: 3, b: 9 },
      { a: 5, b: 9 },
    ]),
  ).toEqual(["0x00000040 12 element x3: a=1..3 b=9", "0x0000004c 4 element: a=5 b=9"]);
  expect(await linesOf([{ a: 8 }, { a: 6 }])).toEqual(["0x00000040 4 element: a=8", "0x00000044 4 element: a=6"]);
  expect(await linesOf(Array.from({ length: 1000 }, (_, index) => ({ a: 5000 - index })))).toEqual([
    "0x00000040 4000 element x1000: a=5000..4001",
  ]);
});

test("numbers of 64 bits go on too; raw bytes must be equal", async () => {
  expect(await linesOf([{ a: 1n }, { a: 3n }, { a: 5n }], 8)).toEqual(["0x00000040 24 element x3: a=1..5"]);
  const raw = (byte: number) => ({ a: Uint8Array.of(byte, 0) });
  expect(await linesOf([raw(1), raw(1), raw(1), raw(2)])).toEqual([
    "0x00000040 12 element x3: a=01",
    "0x0000004c 4 element: a=02",
  ]);
});
