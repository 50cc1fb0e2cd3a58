/** Random command lines with fixed seeds; `npm run fuzz -- lines` tries more of them. */
import { test } from "vitest";
import { expectNoFindings } from "../../fuzz/expect.ts";
import { lines } from "../../fuzz/lines.ts";

test("random command lines are understood or refused in a line", () => expectNoFindings(lines, { seed: 1, runs: 200 }));
