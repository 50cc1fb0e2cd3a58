/** What an aborted build rejects with. */
import { expect, test } from "vitest";
import { buildErofs, buildSquashfs, directory, ImageError } from "../../../dist/index.js";
import { failureOf, makeFaultBench } from "../../helpers/faults.ts";

const { scratch, source, image, expectUntouched } = makeFaultBench("faults-abort");

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

test("twelve builds with one signal are no leak of listeners", async () => {
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(warning.name);
  process.on("warning", note);
  const { signal } = new AbortController();
  const builds = Array.from({ length: 12 }, (_, index) =>
    buildErofs(directory(source), `${scratch}/${index}.img`, { signal, workers: 1 }),
  );
  await Promise.all(builds);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  expect(warnings).toEqual([]);
});

test.each([
  ["EROFS", buildErofs],
  ["SquashFS", buildSquashfs],
])("progress never goes back, and each stage ends at its total: %s", async (format, build) => {
  const last = new Map<string, { done: number; total: number | undefined }>();
  await build(directory(source), `${scratch}/${format}.img`, {
    onProgress: ({ stage, done, total }) => {
      expect(done).toBeGreaterThanOrEqual(last.get(stage)?.done ?? 0);
      last.set(stage, { done, total });
    },
  });
  expect(last.has("write")).toBe(true);
  for (const { done, total } of last.values()) if (total !== undefined) expect(done).toBe(total);
});
