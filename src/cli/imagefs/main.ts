#!/usr/bin/env node
/** The command `ts-imagefs`, as it is started: see start.ts. */
import { startCommand } from "../start.ts";

void startCommand("ts-imagefs", new URL("../../build/worker.js", import.meta.url), async () => {
  const { runImagefs } = await import("./command.ts");
  return runImagefs(new URL("../../../package.json", import.meta.url));
});
