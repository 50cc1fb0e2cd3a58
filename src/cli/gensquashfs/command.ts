/** The command `ts-gensquashfs`. */
import { mannerOf } from "../shared/json.ts";
import { formatHelp } from "../shared/manual/help.ts";
import { optionsOf } from "../shared/manual/manual.ts";
import { runProgram } from "../shared/program.ts";
import { MANUAL } from "./manual.ts";
import { parseGensquashfs } from "./options.ts";

/** Runs the command to its end; returns its exit status. @param manifest `package.json` */
export function runGensquashfs(manifest: URL): Promise<number> {
  return runProgram({
    name: MANUAL.name,
    help: (columns) => formatHelp(MANUAL, columns),
    manifest,
    parse: parseGensquashfs,
    mannerOf: (argv) => mannerOf(argv, optionsOf(MANUAL)),
  });
}
