/** The command `ts-mksquashfs`. */
import { runProgram } from "../shared/program.ts";
import { MANUAL } from "./manual.ts";
import { mannerOfMksquashfs, parseMksquashfs } from "./options.ts";

/** Runs the command to its end; returns its exit status. @param manifest `package.json` */
export function runMksquashfs(manifest: URL): Promise<number> {
  return runProgram({
    manual: MANUAL,
    manifest,
    parse: parseMksquashfs,
    mannerOf: mannerOfMksquashfs,
  });
}
