#!/usr/bin/env node
/** The command `ts-mksquashfs`, as it is started: see start.ts. */
import { startCommand } from "../start.ts";

void startCommand("ts-mksquashfs", async () => {
  const { runMksquashfs } = await import("./command.ts");
  return () => runMksquashfs(new URL("../../../package.json", import.meta.url));
});
