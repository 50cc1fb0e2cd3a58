#!/usr/bin/env node
/** The command `ts-gensquashfs`, as it is started: see start.ts. */
import { startCommand } from "../start.ts";

void startCommand("ts-gensquashfs", async () => {
  const { runGensquashfs } = await import("./command.ts");
  return () => runGensquashfs(new URL("../../../package.json", import.meta.url));
});
