/** What is global in Node, and stands in for it wherever the library uses these names (esbuild's `inject`). */
export { Buffer } from "buffer";

/** As little of Node's as is asked for. Nobody sends a page signals. */
export const process = {
  platform: "browser",
  pid: 1,
  env: {},
  execArgv: [],
  versions: {},
  cwd: () => "/",
  hrtime(): [number, number] {
    const ms = performance.now();
    return [Math.floor(ms / 1e3), (ms % 1e3) * 1e6];
  },
  once() {},
  on() {},
  off() {},
  listeners: () => [],
};

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Lets messages through, which a promise would not, without the 4 ms that a timer takes. */
export function setImmediate(work: () => void): void {
  waiting.push(work);
  channel.port2.postMessage(undefined);
}

/** Timers as Node has them: one that is not waited for. A page ends whatever its timers do. */
export function setTimeout(work: () => void, ms: number) {
  return Object.assign(Object(globalThis.setTimeout(work, ms)), { unref() {} });
}

/**
 * Memory that grows in place. Browsers have shared memory only for pages that are served in isolation, and one thread needs
 * none.
 */
class GrowingBuffer extends ArrayBuffer {
  grow(length: number): void {
    this.resize(length);
  }
}

export { GrowingBuffer as SharedArrayBuffer };
