/** The command `ts-gensquashfs`. */
import { mannerOf } from "../shared/json.ts";
import { optionsOf } from "../shared/manual/manual.ts";
import { runProgram } from "../shared/program.ts";
import { MANUAL } from "./manual.ts";
import { parseGensquashfs } from "./options.ts";

/** Runs the command to its end; returns its exit status. @param manifest `package.json` */
export function runGensquashfs(manifest: URL): Promise<number> {
  return runProgram({
    manual: MANUAL,
    manifest,
    parse: parseGensquashfs,
    mannerOf: (argv) => mannerOf(argv, optionsOf(MANUAL)),
  });
}
