#!/usr/bin/env node
/** The command `ts-imagefs`, as it is started: see start.ts. */
import { startCommand } from "../start.ts";

void startCommand("ts-imagefs", async () => {
  const { runImagefs } = await import("./command.ts");
  return () => runImagefs(new URL("../../../package.json", import.meta.url));
});
