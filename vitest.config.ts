import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // mounts, full disks and worker threads: two files at once are as many as two cores carry
    maxWorkers: 2,
    env: {
      // small trees are worked on by all threads that tests ask for, as only so they show what threads do
      TS_MKEROFS_EAGER_THREADS: "1",
      // thousands of processes are started, none asks the network, and each would read the certificates first, for 40 ms
      NODE_EXTRA_CA_CERTS: "",
    },
  },
});
