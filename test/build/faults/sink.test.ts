/** Sinks and streams of a caller's own that fail. */
import { describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, type Entry, entries, ImageError, type Sink } from "../../../dist/index.js";
import { failureOf } from "../../helpers/faults.ts";

const list: Entry[] = Array.from({ length: 40 }, (_, index) => ({
  path: `file-${index}`,
  contents: Buffer.alloc(100_000 + index, `${index}`),
}));
/** One whose contents are not what they seem. */
const broken: Entry[] = [...list, { path: "file-broken", contents: { size: 400_000, readAt: () => 0 } }];
const failure = new Error("the sink's own");

/** The caller's error itself, and none that has it as a cause. */
function expectOwn(error: unknown): void {
  expect(error).toBe(failure);
}

/** A sink that counts its calls, and fails at one of them, at once or later. */
function makeSink(failAt: "truncate" | "writeAt" | "close" | undefined, isLater: boolean, atCall = 1) {
  const calls = { truncate: 0, writeAt: 0, close: 0 };
  const call = (name: keyof typeof calls) => () => {
    if (++calls[name] !== atCall || name !== failAt) return isLater ? Promise.resolve() : undefined;
    if (isLater) return Promise.reject(failure);
    throw failure;
  };
  const sink: Sink = { truncate: call("truncate"), writeAt: call("writeAt"), close: call("close") };
  return { sink, calls };
}

describe.each([false, true])("a Sink that fails (later: %j)", (isLater) => {
  test("in truncate is told nothing more", async () => {
    const { sink, calls } = makeSink("truncate", isLater);
    expectOwn(await failureOf(buildErofs(entries(list), sink)));
    expect(calls).toEqual({ truncate: 1, writeAt: 0, close: 0 });
  });

  test.each([1, 2, 3])("in its write %i is not closed", async (atCall) => {
    const { sink, calls } = makeSink("writeAt", isLater, atCall);
    expectOwn(await failureOf(buildErofs(entries(list), sink)));
    expect(calls).toEqual({ truncate: 1, writeAt: atCall, close: 0 });
  });

  test("in close fails the build", async () => {
    const { sink, calls } = makeSink("close", isLater);
    expectOwn(await failureOf(buildErofs(entries(list), sink)));
    expect(calls).toMatchObject({ truncate: 1, close: 1 });
  });

  test("never is closed once, at the end; after an error of the source it is not", async () => {
    const good = makeSink(undefined, isLater);
    await buildErofs(entries(list), good.sink);
    expect(good.calls).toMatchObject({ truncate: 1, close: 1 });
    const bad = makeSink(undefined, isLater);
    expect(await failureOf(buildErofs(entries(broken), bad.sink))).toMatchObject({
      code: "CHANGED",
      path: "file-broken",
    });
    expect(bad.calls).toEqual({ truncate: 0, writeAt: 0, close: 0 });
  });
});

describe("a stream", () => {
  /** A stream that remembers what became of it. */
  const makeStream = (failAtWrite: number) => {
    const seen = { writes: 0, closed: 0, aborted: [] as unknown[] };
    const stream = new WritableStream<Uint8Array>({
      async write() {
        await Promise.resolve();
        if (++seen.writes === failAtWrite) throw failure;
      },
      close: () => void seen.closed++,
      abort: (reason) => void seen.aborted.push(reason),
    });
    return { stream, seen };
  };

  test.each([1, 2, 4])("that errors at write %i fails the build with its error", async (atWrite) => {
    const { stream, seen } = makeStream(atWrite);
    expectOwn(await failureOf(buildErofs(entries(list), stream)));
    expect(seen).toMatchObject({ writes: atWrite, closed: 0 });
  });

  test("is aborted with the error of a source, not closed", async () => {
    const { stream, seen } = makeStream(-1);
    const error = await failureOf(buildErofs(entries(broken), stream));
    expect(error).toMatchObject({ code: "CHANGED", path: "file-broken" });
    expect(seen).toMatchObject({ closed: 0, aborted: [error] });
  });

  test("is aborted when the build is", async () => {
    const abort = new AbortController();
    const { stream, seen } = makeStream(-1);
    const readAt = (into: Uint8Array) => {
      abort.abort();
      return into.length;
    };
    const endless: Entry[] = [{ path: "a", contents: { size: 64 << 20, readAt } }];
    const error = await failureOf(buildErofs(entries(endless), stream, { signal: abort.signal }));
    expect(error).toMatchObject({ code: "ABORTED" });
    expect(seen).toMatchObject({ closed: 0, aborted: [error] });
  });

  test("that ends well is closed once", async () => {
    const { stream, seen } = makeStream(-1);
    await buildErofs(entries(list), stream);
    expect(seen).toMatchObject({ closed: 1, aborted: [] });
  });

  test("that is closed, or is being closed, is an error of this package", async () => {
    const expected = { name: "ImageError", code: "INPUT", message: "the stream to write to is closed" };
    for (const wait of [true, false]) {
      const { stream } = makeStream(-1);
      const closing = stream.close();
      if (wait) await closing;
      expect(await failureOf(buildErofs(entries(list), stream))).toMatchObject(expected);
      expect(await failureOf(buildSquashfs(entries(list), stream))).toMatchObject(expected);
      expect(stream.locked).toBe(false);
    }
    // in the middle of a close that never ends
    const stuck = new WritableStream<Uint8Array>({ close: () => new Promise(() => undefined) });
    void stuck.close();
    expect(await failureOf(buildErofs(entries(list), stuck))).toMatchObject(expected);
  });

  test("that has failed is an error, whose cause is the stream's own", async () => {
    const own = new RangeError("the disk of the stream is full");
    for (const build of [buildErofs, buildSquashfs]) {
      const { stream } = makeStream(-1);
      await stream.abort(own);
      const error = await failureOf(build(entries(list), stream));
      expect(error).toBeInstanceOf(ImageError);
      expect(error).toMatchObject({ code: "INPUT", cause: own, message: expect.stringContaining(own.message) });
    }
  });

  test("that someone else is writing to is an error", async () => {
    const { stream, seen } = makeStream(-1);
    const writer = stream.getWriter();
    expect(await failureOf(buildErofs(entries(list), stream))).toBeInstanceOf(Error);
    expect(seen).toEqual({ writes: 0, closed: 0, aborted: [] });
    writer.releaseLock();
  });
});
