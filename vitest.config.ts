import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // mounts, full disks and worker threads: two files at once are as many as two cores carry
    maxWorkers: 2,
  },
});
