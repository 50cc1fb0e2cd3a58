import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // mounts, full disks and worker threads: two files at once are as many as two cores carry
    maxWorkers: 2,
    // small trees are worked on by all threads that tests ask for, as only so they show what threads do
    env: { TS_MKEROFS_EAGER_THREADS: "1" },
  },
});
