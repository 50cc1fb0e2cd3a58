/**
 * Tries things at random, for as long as one likes (`npm run fuzz -- --help`). Tests in test/fuzz/ make the same runs, a
 * few of each kind but full disks with fixed seeds.
 */
import { register } from "node:module";

// Nodes before 22.18 do not take types away by themselves
if (!("typescript" in process.features)) register("./strip-types.mjs", import.meta.url);
const { runFuzz } = await import(new URL("run.ts", import.meta.url).href);
process.exitCode = await runFuzz(process.argv.slice(2));
