/** Where the files go that have Nix know what is in an image. */
import { showValue } from "../../../../core/options/checks.ts";
import { OptionError } from "../../../../core/options/option-error.ts";

/** Where Nix looks for its database, from the image's root. */
export const DATABASE_PATH = "/nix/var/nix/db/db.sqlite";

/** What Nix itself has in `gcroots/`: a folder of its own, or a link. */
const FOLDERS: readonly string[] = ["auto", "per-user"];
const PROFILES = "profiles";

/** The names of a file's path from the image's root. Throws `INPUT` for what is none. @param option that gives it */
export function splitFile(option: string, path: string): string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  const isFit =
    names.length > 0 && !/(?:^|\/)\.?$/.test(path) && !names.some((name) => name === ".." || name.includes("\0"));
  if (isFit) return names;
  throw new OptionError(option, `${showValue(path)} is no path of a file in the image`);
}

/** The names of a root below `gcroots/`. Throws `INPUT` for what cannot be one. @param database as options give it */
export function checkRoot(gcroot: string, database: boolean | string | undefined): string[] {
  const names = splitFile("gcroot", gcroot);
  if (names[0] === PROFILES || (names.length === 1 && FOLDERS.includes(names[0]!))) {
    throw new OptionError("gcroot", `${showValue(gcroot)}: Nix has ${names[0]} there itself`);
  }
  if (typeof database === "string" && splitFile("nixDatabase", database).at(-2) !== "db") {
    const why = 'Nix looks for roots beside the folder "db" that the database is in, which is none here';
    throw new OptionError("gcroot", `${gcroot}: ${why}`);
  }
  return names;
}
