#!/usr/bin/env node
/** The command `ts-mksquashfs`, as it is started: everything else is loaded behind what caches its code. */
import { cacheCode } from "../../core/node/node-code-cache.ts";

cacheCode();
const { runMksquashfs } = await import("./command.ts");
// all that was printed has been awaited; nothing that is still open may keep the process alive
process.exit(await runMksquashfs(new URL("../../../package.json", import.meta.url)));
