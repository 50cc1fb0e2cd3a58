/**
 * Watches a command from inside, as `node --import`: how many threads and instances of WebAssembly it has made, how much
 * address space it took, and which files of code it has loaded. Writes that to the file that WATCH_RUN names.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { register, syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

const report = /** @type {string} */ (process.env.WATCH_RUN);
const list = `${report}.loaded`;
writeFileSync(list, "");
// what is loaded is seen by a thread of Node's own
register(
  `data:text/javascript,${encodeURIComponent(`
    import { appendFileSync } from "node:fs";
    export function load(url, context, next) {
      if (url.startsWith("file:")) appendFileSync(${JSON.stringify(list)}, url + "\\n");
      return next(url, context);
    }`)}`,
);
let helpers = 0;
let instances = 0;
const { Worker } = threads;
threads.Worker = class extends Worker {
  /** @param {ConstructorParameters<typeof Worker>} words */
  constructor(...words) {
    super(...words);
    helpers++;
  }
};
syncBuiltinESMExports();
const { Instance, instantiate } = WebAssembly;
WebAssembly.Instance = new Proxy(Instance, {
  construct(target, words) {
    instances++;
    return Reflect.construct(target, words);
  },
});
WebAssembly.instantiate = /** @type {typeof instantiate} */ (
  (/** @type {Parameters<typeof instantiate>} */ ...words) => {
    instances++;
    return instantiate(...words);
  }
);
process.on("exit", () => {
  const loaded = readFileSync(list, "utf8").trim().split("\n");
  const peak = Number(/^VmPeak:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]) * 1024;
  appendFileSync(report, JSON.stringify({ helpers, instances, peak, loaded }));
});
