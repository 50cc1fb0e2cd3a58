/** Other ways of the system, in every thread of a child: see {@link preload}. */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/**
 * The environment of a Node whose threads all begin with a script, written to `file`. The script sees `fs`, whose
 * functions it may replace, `isMainThread`, `sleep(milliseconds)` and `hang(seconds)`.
 */
export function preload(file: string, script: string): Record<string, string> {
  writeFileSync(
    file,
    `import { spawnSync } from "node:child_process";
     import fs from "node:fs";
     import { syncBuiltinESMExports } from "node:module";
     import { isMainThread } from "node:worker_threads";
     const sleep = (time) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
     /** Nothing but the end of the process interrupts it, as when a disk does not answer. */
     const hang = (seconds) => void spawnSync("sleep", [String(seconds)]);
     ${script}
     syncBuiltinESMExports();`,
  );
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
}
