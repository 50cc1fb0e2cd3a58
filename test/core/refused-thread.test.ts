/** A thread that the system does not give, as a limit of threads has been met: Node's constructor throws then. */
import { expect, test, vi } from "vitest";
import { ThreadPool } from "../../src/core/node/node-pool.ts";
import { isThreadRefused, startSpare, startWorker } from "../../src/core/node/node-start.ts";

let code = "";

vi.mock("node:worker_threads", () => ({
  Worker: class {
    constructor() {
      throw Object.assign(new Error("EAGAIN"), { code });
    }
  },
}));

const url = new URL("file:///none.js");

test("is done without: the main thread does all pieces of every job", async () => {
  code = "ERR_WORKER_INIT_FAILED";
  const done: number[] = [];
  const five = {
    threads: () => 3,
    run: async (context: { pieces(count: number): Iterable<number> }) => {
      for (const piece of context.pieces(5)) done.push(piece);
    },
  };
  const pool = new ThreadPool(3, { five: async () => five }, url);
  await pool.run("five", undefined as never);
  await pool.run("five", undefined as never);
  pool.close();
  expect(done).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
});

test("does no harm where it was to be a spare one", () => {
  code = "ERR_WORKER_INIT_FAILED";
  startSpare(url);
  expect(() => startWorker(url)).toThrow("EAGAIN");
});

test("is told from a mistake in how it is started", () => {
  code = "ERR_INVALID_ARG_TYPE";
  const five = { threads: () => 3, run: async () => undefined };
  expect(isThreadRefused(Object.assign(new Error(), { code }))).toBe(false);
  return expect(new ThreadPool(3, { five: async () => five }, url).run("five", undefined as never)).rejects.toThrow(
    "EAGAIN",
  );
});
