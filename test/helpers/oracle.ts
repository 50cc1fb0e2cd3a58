/** Programs that no one here wrote and that tests compare with: skipped where missing, required in CI. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const reported = new Set<string>();

/**
 * Whether an oracle can be asked; for `test.skipIf(!oracle("grep", hasCommand("grep")))`.
 *
 * @throws Error when it is missing although `REQUIRE_ORACLES=1`.
 */
export function oracle(name: string, present: boolean): boolean {
  if (present) return true;
  if (process.env.REQUIRE_ORACLES === "1") throw new Error(`oracle missing: ${name}`);
  if (!reported.has(name)) console.warn(`skipped: oracle ${name} is missing`);
  reported.add(name);
  return false;
}

/** Whether `PATH` has an executable of this name. */
export function hasCommand(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
