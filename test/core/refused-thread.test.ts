/**
 * A thread that the system does not give, as a limit has been met: of threads, then Node's constructor throws, or of open
 * files, then it says so later.
 */
import { EventEmitter } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { ThreadPool } from "../../src/core/node/node-pool.ts";
import { isThreadRefused, startSpare, takeSpare } from "../../src/core/node/node-start.ts";

let code = "";
let isLate = false;

vi.mock("node:worker_threads", () => ({
  Worker: class extends EventEmitter {
    constructor() {
      super();
      const error = Object.assign(new Error("EAGAIN"), { code });
      if (!isLate) throw error;
      setImmediate(() => {
        this.emit("error", error);
        this.emit("exit", 1);
      });
    }

    postMessage = () => undefined;
    unref = () => undefined;
    terminate = () => undefined;
  },
}));

afterEach(() => {
  isLate = false;
});

const start = () => new Worker(new URL("file:///none.js"));

test.each(["at once", "late"])(
  "is done without, told %s: the main thread does all pieces of every job",
  async (when) => {
    code = "ERR_WORKER_INIT_FAILED";
    isLate = when === "late";
    const done: number[] = [];
    const five = {
      threads: () => 3,
      run: async (context: { pieces(count: number): Iterable<number> }) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        for (const piece of context.pieces(5)) done.push(piece);
      },
    };
    const pool = new ThreadPool(3, { five: async () => five }, start);
    await pool.run("five", undefined as never);
    await pool.run("five", undefined as never);
    pool.close();
    expect(done).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  },
);

test("does no harm where it was to be a spare one", () => {
  code = "ERR_WORKER_INIT_FAILED";
  startSpare(start);
  expect(takeSpare()).toBeUndefined();
});

test("is told from a mistake in how it is started", () => {
  code = "ERR_INVALID_ARG_TYPE";
  const five = { threads: () => 3, run: async () => undefined };
  expect(isThreadRefused(Object.assign(new Error(), { code }))).toBe(false);
  return expect(new ThreadPool(3, { five: async () => five }, start).run("five", undefined as never)).rejects.toThrow(
    "EAGAIN",
  );
});
