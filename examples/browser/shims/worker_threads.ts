/** `node:worker_threads`, of which there are none: a build with one thread asks only this. */
export const isMainThread = true;
