/** Changed images with fixed seeds; `npm run fuzz -- erofs` and `-- squashfs` try more of them. */
import { test } from "vitest";
import { expectNoFindings } from "../../fuzz/expect.ts";
import { images } from "../../fuzz/images.ts";

test.each(["erofs", "squashfs"] as const)("changed images of %s are read, or refused in a line", async (format) => {
  await expectNoFindings(images(format), { seed: 1, runs: 150 });
});

test("records in no order, of which bisection finds any, are damage", async () => {
  await expectNoFindings(images("erofs"), { seed: 1_052_228, runs: 1 });
});
