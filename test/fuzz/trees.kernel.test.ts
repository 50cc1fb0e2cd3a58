/** Random trees with fixed seeds, mounted by Linux; `npm run fuzz -- trees` tries more of them. */
import { test } from "vitest";
import { expectNoFindings } from "../../fuzz/expect.ts";
import { trees } from "../../fuzz/trees.ts";
import { canMountErofs, canMountSquashfs } from "../helpers/mount.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";

const kernel = oracle("kernel EROFS and SquashFS mount", canMountErofs() && canMountSquashfs());
const attributes = oracle("getfattr, setfattr", hasCommand("getfattr") && hasCommand("setfattr"));

test.skipIf(!kernel || !attributes)("random trees with random options are mounted and equal, in both formats", () =>
  expectNoFindings(trees, { seed: 1, runs: 16 }),
);
