/** What makes a start quick: compiled code is kept where Node can do that, and a thread starts while code is still loaded. */
import module from "node:module";
import { Worker } from "node:worker_threads";

/**
 * Has Node keep the compiled code of what is loaded from here on, in its own folder for that: from 22.1 on, and not where
 * NODE_DISABLE_COMPILE_CACHE says so. Each thread has to ask for itself.
 */
export function cacheCode(): void {
  // Node 20, by whose types this is compiled, has none
  (module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
}

let spare: { worker: Worker; href: string } | undefined;

/** Starts a thread that {@link startWorker} will find started; for what is known to have work for it. */
export function startSpare(url: URL): void {
  let worker: Worker;
  try {
    worker = startWorker(url);
  } catch {
    // it is tried again where the thread is needed, and what is wrong is answered there
    return;
  }
  spare = { worker, href: url.href };
  // should it be of no use after all, or fail, nobody waits for it
  worker.unref();
  worker.once("error", forget).once("exit", forget);
}

/**
 * A thread that runs the module at `url`, and is told by messages what to do.
 *
 * @throws what {@link isThreadRefused} knows, where the system gives no further thread
 */
export function startWorker(url: URL): Worker {
  if (spare?.href === url.href) {
    const { worker } = spare;
    forget();
    worker.removeListener("error", forget).removeListener("exit", forget);
    worker.ref();
    return worker;
  }
  return new Worker(url, {
    execArgv: [],
    // jobs make short-lived garbage only: a small nursery, as memory costs when it is touched first
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
}

/** Whether Node says that the system gives no further thread: a limit of them, or of memory, has been met. */
export function isThreadRefused(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_INIT_FAILED";
}

function forget(): void {
  spare = undefined;
}
