/** The command `ts-imagefs`. */
import { mannerOf } from "../shared/json.ts";
import { optionsOf } from "../shared/manual/manual.ts";
import { runProgram } from "../shared/program.ts";
import { MANUAL } from "./manual.ts";
import { parseImagefs } from "./options.ts";

/** Runs the command to its end; returns its exit status. @param manifest `package.json` */
export function runImagefs(manifest: URL): Promise<number> {
  return runProgram({
    manual: MANUAL,
    manifest,
    parse: parseImagefs,
    mannerOf: (argv) => ({ ...mannerOf(argv, optionsOf(MANUAL)), image: undefined }),
  });
}
