/** Builds under trouble with fixed seeds; `npm run fuzz -- faults` tries more of it. */
import { test } from "vitest";
import { expectNoFindings } from "../../fuzz/expect.ts";
import { faults } from "../../fuzz/faults.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";

const isRoot = process.platform === "linux" && process.getuid?.() === 0;
const root = oracle("root, mount, prlimit, setpriv", isRoot && ["mount", "prlimit", "setpriv"].every(hasCommand));

test.skipIf(!root)(
  "a build under trouble ends with its image, or says why in one line and leaves all as it was",
  () => expectNoFindings(faults, { seed: 1, runs: 32 }),
  300_000,
);
