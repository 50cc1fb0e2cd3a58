#!/usr/bin/env node
/** The command `ts-mkerofs`, as it is started: see start.ts. */
import { startCommand } from "../start.ts";

void startCommand("ts-mkerofs", async () => {
  const { runMkerofs } = await import("./command.ts");
  return () => runMkerofs(new URL("../../../package.json", import.meta.url));
});
