/** What a thread's part in a job is: pieces, progress, and what is released when it is over. */
import { expect, test } from "vitest";
import { ImageError } from "../../src/core/error.ts";
import { Control } from "../../src/core/threads/control.ts";
import { JobContext } from "../../src/core/threads/threads.ts";

test("two threads share the pieces, each kind for itself", () => {
  const control = new Control(2);
  const [first, second] = [new JobContext(control, 0), new JobContext(control, 1)];
  const [a, b] = [first.pieces(5), second.pieces(5)];
  const claimed = [a.next(), b.next(), a.next(), a.next(), b.next()].map(({ value }) => value);
  expect(claimed).toEqual([0, 1, 2, 3, 4]);
  expect([a.next().done, b.next().done]).toEqual([true, true]);
  expect([...second.pieces(3, 1)]).toEqual([0, 1, 2]);
  expect([...first.pieces(3, 1)]).toEqual([]);
  expect([...new JobContext(new Control(1), 0).pieces(0)]).toEqual([]);
});

test("progress of all threads adds up, and there is nothing to await but a pause", async () => {
  const control = new Control(2);
  const pauses = [undefined, Promise.resolve(), undefined];
  const [main, helper] = [new JobContext(control, 0, () => pauses.shift()), new JobContext(control, 1)];
  expect(main.breathe(10)).toBeUndefined();
  expect(main.breathe()).toBeInstanceOf(Promise);
  expect(helper.breathe(5)).toBeUndefined();
  helper.advance(1);
  expect(control.done).toBe(16);
});

test("once the build is to stop, neither a piece nor a breath is to be had", () => {
  const control = new Control(1);
  const job = new JobContext(control, 0);
  const pieces = job.pieces(10);
  expect(pieces.next().value).toBe(0);
  control.stop();
  for (const step of [() => pieces.next(), () => job.breathe(1)]) {
    expect(step).toThrow(expect.objectContaining({ code: "ABORTED" }));
  }
  expect(control.done).toBe(0);
});

test("what is kept is released however the part ends", async () => {
  for (const end of [() => "well", () => Promise.reject(new ImageError("IO", "badly"))]) {
    let released = 0;
    const job = new JobContext(new Control(1), 0);
    const kept = { release: () => void released++ };
    const ending = job.run(async () => {
      expect(job.keep(kept)).toBe(kept);
      await Promise.resolve();
      expect(released).toBe(0);
      return end();
    });
    await ending.catch((error: unknown) => expect(error).toMatchObject({ message: "badly" }));
    expect(released).toBe(1);
  }
});
