/** Threads of a pool that start before there is a job for them. */
import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { ThreadPool } from "../../src/core/node/node-pool.ts";

const ANSWER = `require("node:worker_threads").parentPort.once("message", () => undefined);`;
let started: Worker[] = [];
const startWorker = () => {
  const worker = new Worker(ANSWER, { eval: true });
  started.push(worker);
  return worker;
};

afterEach(async () => {
  for (const worker of started) await worker.terminate();
  started = [];
});

test("work in the main thread has as many start as will be of use, each once, and no more than there may be", async () => {
  const pool = new ThreadPool(3, {}, startWorker);
  const counts: number[] = [];
  await pool.here(async (job) => {
    for (const threads of [1, 2, 2, 9, 1]) {
      job.recruit(threads);
      counts.push(started.length);
    }
  });
  expect(counts).toEqual([0, 1, 1, 2, 2]);
  await pool.here(async (job) => job.recruit(3));
  expect(started.length).toBe(2);
  pool.close();
});

test("a pool of one thread has none start", async () => {
  await new ThreadPool(1, {}, startWorker).here(async (job) => job.recruit(4));
  expect(started.length).toBe(0);
});

test("none starts for work that goes on when the pool has been closed", async () => {
  const pool = new ThreadPool(3, {}, startWorker);
  await pool.here(async (job) => {
    pool.close();
    job.recruit(3);
  });
  expect(started.length).toBe(0);
});
