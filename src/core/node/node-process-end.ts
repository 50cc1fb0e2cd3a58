/**
 * What has to be removed before the process ends: when it exits, and when a signal ends it that nobody else listens for.
 * Nobody is told of SIGKILL; the same goes for a worker thread that is terminated (see node-temporary.ts).
 */
import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";

/** Signals that end a process which does not listen for them. */
const SIGNALS: readonly string[] = ["SIGINT", "SIGTERM", "SIGHUP"] satisfies NodeJS.Signals[];

const removals = new Set<() => void>();

/** Has `remove`, which does not throw, called if the process ends before the function that this returns has been called. */
export function removeAtEnd(remove: () => void): () => void {
  removals.add(remove);
  if (removals.size === 1) start();
  return () => {
    if (removals.delete(remove) && removals.size === 0) stop();
  };
}

function start(): void {
  process.once("exit", removeAll);
  // signals are for the main thread, which has its own listeners
  if (!isMainThread) return;
  process.on("newListener", onNew);
  process.on("removeListener", onRemoved);
  for (const signal of SIGNALS) settle(signal);
}

function stop(): void {
  process.off("exit", removeAll);
  process.off("newListener", onNew);
  process.off("removeListener", onRemoved);
  for (const signal of SIGNALS) settle(signal);
}

function removeAll(): void {
  for (const remove of removals) remove();
  removals.clear();
}

/** Somebody is about to listen: once they do, this need not. */
function onNew(event: string | symbol): void {
  if (isSignal(event)) queueMicrotask(() => settle(event));
}

/** Somebody has ceased to listen, perhaps to end the process in their next line by raising the signal again. */
function onRemoved(event: string | symbol): void {
  if (isSignal(event)) settle(event);
}

function isSignal(event: string | symbol): event is string {
  return typeof event === "string" && SIGNALS.includes(event);
}

/** Listens for a signal where, and as long as, nobody else does: one listener more, and others would not end the process. */
function settle(signal: string): void {
  const listeners = process.listeners(signal as NodeJS.Signals);
  const isListening = listeners.includes(answer);
  const isWanted = removals.size > 0 && listeners.length === (isListening ? 1 : 0);
  if (isWanted && !isListening) process.on(signal, answer);
  else if (!isWanted && isListening) process.off(signal, answer);
}

/** Ends the process as the signal would have done. */
function answer(signal: NodeJS.Signals): void {
  removeAll();
  stop();
  process.kill(process.pid, signal);
  // Linux lets no signal end the first process of a container, unless it listens
  process.exit(128 + constants.signals[signal]);
}

/**
 * Ends the process by a signal at once, whoever listens for it: process.exit() would wait for a thread that waits for the
 * system.
 */
export function endBySignal(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  answer(signal);
}
