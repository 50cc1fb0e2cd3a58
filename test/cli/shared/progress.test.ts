import { expect, test } from "vitest";
import type { BuildProgress } from "../../../src/build/options.ts";
import { ProgressBar, renderProgress, showBytes } from "../../../src/cli/shared/progress.ts";

const MIB = 1 << 20;
const HALF: BuildProgress = { stage: "write", done: 100 * MIB, total: 200 * MIB };

test.each([
  [80, "write   [###############               ]  50% 100 MiB/200 MiB 50 MiB/s 0:02 left"],
  [60, "write   [#####     ]  50% 100 MiB/200 MiB 50 MiB/s 0:02 left"],
  [59, "write    50% 100 MiB/200 MiB 50 MiB/s 0:02 left"],
  [45, "write    50% 100 MiB/200 MiB 50 MiB/s"],
  [30, "write    50% 100 MiB/200 MiB"],
  [12, "write    50%"],
  [11, "write  "],
  [3, "wri"],
  [0, ""],
])("in %d columns", (columns, line) => {
  expect(renderProgress(HALF, 2, columns)).toBe(line);
});

test("is never wider than the terminal", () => {
  const cases: BuildProgress[] = [
    HALF,
    { stage: "walk", done: 1234567, total: undefined },
    { stage: "compare", done: 0, total: 0 },
    { stage: "write", done: 2 ** 52, total: 2 ** 53 },
    { stage: "write", done: 1, total: 2 ** 53 },
    { stage: "write", done: 200 * MIB, total: 100 * MIB },
  ];
  for (const progress of cases) {
    for (const elapsed of [0, 1e-9, 1, 1e6]) {
      for (let columns = 0; columns < 200; columns++) {
        expect(renderProgress(progress, elapsed, columns).length).toBeLessThanOrEqual(columns);
      }
    }
  }
});

test("counts entries while nobody knows how many there are", () => {
  expect(renderProgress({ stage: "walk", done: 3000, total: undefined }, 1.5, 80)).toBe("walk 3000 entries 2000/s");
});

// Was a bug: they were called entries.
test("counts bytes while nobody knows how many there are", () => {
  const progress: BuildProgress = { stage: "write", done: 300 * MIB, total: undefined };
  expect(renderProgress(progress, 1.5, 80)).toBe("write   300 MiB 200 MiB/s");
});

test.each([
  [0, 0, "100%"],
  [0, 10, "0%"],
  [999, 1000, "99%"],
  [1000, 1000, "100%"],
  [2000, 1000, "100%"],
])("%d of %d is %s", (done, total, percent) => {
  expect(renderProgress({ stage: "write", done, total }, 1, 20)).toContain(` ${percent}`);
});

test.each([
  [59.5, "1:00 left"],
  [3723, "1:02:03 left"],
])("%d seconds are %s", (seconds, text) => {
  expect(renderProgress({ stage: "write", done: 1, total: 1 + seconds }, 1, 79)).toContain(text);
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [10239, "10 KiB"],
  [1536 * 1024, "1.5 MiB"],
  [117 * MIB, "117 MiB"],
  [2 ** 53, "8.0 PiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(showBytes(bytes)).toBe(text);
});

test("a bar draws over itself and leaves nothing", () => {
  let [written, seconds] = ["", 10];
  const bar = new ProgressBar({ columns: 40, write: (text) => (written += text) }, () => seconds++);
  bar.update({ stage: "walk", done: 1000, total: undefined });
  bar.update({ stage: "walk", done: 4000, total: undefined });
  bar.update({ stage: "compare", done: 0, total: 4 }); // began when the walk ended, a second ago
  bar.update({ stage: "write", done: 4, total: 4 });
  bar.clear();
  bar.clear();
  expect(written.split("\r").map((line) => line.trimEnd())).toEqual([
    "",
    "walk 1000 entries 1000/s",
    "walk 4000 entries 2000/s",
    "compare [          ]   0% 0 B/4 B 0 B/s",
    "write   100% 4 B/4 B 4 B/s 0:00 left",
    "",
    "",
  ]);
  expect(written.split("\r").map((line) => line.length)).toEqual([0, 24, 24, 39, 39, 36, 0]);
});

test("a bar takes the width that the terminal has now", () => {
  const lines: string[] = [];
  const terminal = { columns: 120, write: (text: string) => lines.push(text) };
  const bar = new ProgressBar(terminal);
  bar.update(HALF);
  terminal.columns = 20;
  bar.update(HALF);
  expect(lines.map((line) => line.length <= 120)).toEqual([true, true]);
  expect(lines[1]!.length).toBeLessThanOrEqual(20);
});
