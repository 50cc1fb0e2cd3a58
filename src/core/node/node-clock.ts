/** Time that goes by. */

/** Milliseconds since some moment. The global `performance` would load a module that takes longer than listing a folder. */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
