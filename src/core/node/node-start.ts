/**
 * What makes a start quick: V8 compiles no more than pays, what it compiled is kept, garbage takes no other thread, and a
 * thread starts while code is loaded.
 */
import module from "node:module";
import { setFlagsFromString } from "node:v8";
import type { Worker } from "node:worker_threads";

/**
 * Bounds what V8 inlines. Its optimizing compiler runs beside threads that live for a second, and would take a sixth of all
 * the time; the code it makes is as fast, since the work is in system calls. Only the sum is bounded: of a bound on each function
 * V8 asserts that it does not change while it compiles, and threads may be compiling. To be called once the code is loaded and
 * the first thread has been started: under flags of its own V8 refuses the compiled code that Node brings of its modules, and
 * a thread that starts takes 55 ms then, not 27. So it is not for what ends in a tenth of a second either.
 */
export function boundInlining(): void {
  setFlagsFromString("--max-inlined-bytecode-size-cumulative=100");
}

/**
 * Has each thread collect its garbage alone: there is little, and to have others help it waits for them to be given a
 * processor, while all of these are at work. V8 asks once for each collection. To be called as {@link boundInlining} is.
 */
export function collectAlone(): void {
  setFlagsFromString("--no-parallel-scavenge");
}

/**
 * Has Node keep the compiled code of what is loaded from here on, in its own folder for that: from 22.1 on, and not where
 * NODE_DISABLE_COMPILE_CACHE says so. Each thread has to ask for itself.
 */
export function cacheCode(): void {
  // Node 20, by whose types this is compiled, has none
  (module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
}

let spare: Worker | undefined;

/** Starts a thread that {@link takeSpare} gives; for what is known to have work for it. */
export function startSpare(start: () => Worker): void {
  try {
    spare = start();
  } catch {
    // it is tried again where the thread is needed, and what is wrong is answered there
    return;
  }
  // should it be of no use after all, or fail, nobody waits for it
  spare.unref();
  spare.once("error", forget).once("exit", forget);
}

/** The thread that was started already, for the first that asks. */
export function takeSpare(): Worker | undefined {
  const worker = spare;
  forget();
  worker?.removeListener("error", forget).removeListener("exit", forget);
  worker?.ref();
  return worker;
}

/** Whether Node says that the system gives no further thread: a limit of them, or of memory, has been met. */
export function isThreadRefused(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_INIT_FAILED";
}

/** How Node says that there is no such module; of a bundle in CommonJS, which does not know where it is, that it has no URL. */
const MISSING: readonly unknown[] = ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND", "ERR_INVALID_URL"];

/** Whether the module of a thread is not there: this code was bundled, and that was not. */
export function isModuleMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && MISSING.includes(cause.code);
}

function forget(): void {
  spare = undefined;
}
