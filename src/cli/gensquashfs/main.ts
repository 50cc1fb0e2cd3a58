#!/usr/bin/env node
/** The command `ts-gensquashfs`, as it is started: everything else is loaded behind what caches its code. */
import { cacheCode } from "../../core/node/node-code-cache.ts";

cacheCode();
const { runGensquashfs } = await import("./command.ts");
// all that was printed has been awaited; nothing that is still open may keep the process alive
process.exit(await runGensquashfs(new URL("../../../package.json", import.meta.url)));
