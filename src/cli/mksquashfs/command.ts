/** The command `ts-mksquashfs`. */
import { formatHelp } from "../shared/manual/help.ts";
import { runProgram } from "../shared/program.ts";
import { MANUAL } from "./manual.ts";
import { mannerOfMksquashfs, parseMksquashfs } from "./options.ts";

/** Runs the command to its end; returns its exit status. @param manifest `package.json` */
export function runMksquashfs(manifest: URL): Promise<number> {
  return runProgram({
    name: MANUAL.name,
    help: (columns) => formatHelp(MANUAL, columns),
    manifest,
    parse: parseMksquashfs,
    mannerOf: mannerOfMksquashfs,
  });
}
