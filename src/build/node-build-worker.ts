/** How a thread of a build is started. */
// biome-ignore lint/style/useNodejsImportProtocol: by the other name webpack does not know it, and breaks what is below
import { Worker } from "worker_threads";
import { takeSpare } from "../core/node/node-start.ts";

/**
 * A thread that runs worker.ts, and is told by messages what to do.
 *
 * @throws what `isThreadRefused` knows, where the system gives no further thread, and `isModuleMissing`, where its module is gone
 */
export function startBuildWorker(): Worker {
  return (
    takeSpare() ??
    // bundlers that follow workers look for this very expression
    new Worker(new URL("./worker.js", import.meta.url), {
      execArgv: [],
      // jobs make short-lived garbage only: the smallest nursery there is, 1 MiB and as much to copy to, as memory costs when
      // it is touched first
      resourceLimits: { maxYoungGenerationSizeMb: 3 },
    })
  );
}
