/** The commands as they are built. */
import { fileURLToPath } from "node:url";

/** A command, without its `ts-`. */
export type CommandName = "gensquashfs" | "mkerofs" | "mksquashfs";

/** The file to run a command by. */
export function commandPath(name: CommandName): string {
  return fileURLToPath(new URL(`../../dist/cli/${name}/main.js`, import.meta.url));
}
