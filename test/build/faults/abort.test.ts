/** What an aborted build rejects with. */
import { expect, test } from "vitest";
import { buildErofs, buildSquashfs, directory, ImageError } from "../../../dist/index.js";
import { failureOf, makeFaultBench } from "../../helpers/faults.ts";

const { source, image, expectUntouched } = makeFaultBench("faults-abort");

test.each([
  ["a reason of its own", "AbortError", () => AbortSignal.abort({ why: "no more" })],
  ["no reason", "AbortError", () => AbortSignal.abort()],
  ["a timeout", "TimeoutError", () => AbortSignal.abort(new DOMException("too slow", "TimeoutError"))],
])("%s is kept, and the error is an %s by name", async (_, name, makeSignal) => {
  for (const build of [buildErofs, buildSquashfs]) {
    const signal = makeSignal();
    const error = await failureOf(build(directory(source), image, { signal }));
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toMatchObject({ code: "ABORTED", name });
    expect((error as ImageError).cause).toBe(signal.reason);
    expectUntouched();
  }
});
