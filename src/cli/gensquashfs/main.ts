#!/usr/bin/env node
/** The command `ts-gensquashfs`. */
import { formatHelp } from "../shared/manual/help.ts";
import { runProgram } from "../shared/program.ts";
import { MANUAL } from "./manual.ts";
import { parseGensquashfs } from "./options.ts";

const program = {
  name: MANUAL.name,
  help: (columns: number) => formatHelp(MANUAL, columns),
  manifest: new URL("../../../package.json", import.meta.url),
  parse: parseGensquashfs,
};

// all that was printed has been awaited; nothing that is still open may keep the process alive
process.exit(await runProgram(program));
