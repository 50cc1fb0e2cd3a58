/** What options say of store paths and of what Nix is to know of them, before anything is opened. */
import { OptionError } from "../../core/options/option-error.ts";
import { checkRoot, splitFile } from "../../stage/source/nix/database/places.ts";
import type { Source } from "../../stage/source/source.ts";
import type { NixOptions } from "../options.ts";

/** Whether anything is asked for that has to be found out. */
export function asksNix(options: NixOptions): boolean {
  const { registration = false, registrationOut, nixDatabase = false, scanReferences } = options;
  const isInImage = registration !== false || nixDatabase !== false;
  return isInImage || registrationOut !== undefined || scanReferences === true;
}

/** The store's folder as Nix writes it, without a slash at its end. */
export function storeFolder(storeDir: string): string {
  const names = storeDir.split("/").filter((name) => name !== "" && name !== ".");
  return names.map((name) => `/${name}`).join("");
}

const STORE_OPTIONS = [
  ...(["storeDir", "registration", "registrationOut", "nixDatabase", "gcroot", "scanReferences"] as const),
];

/** Throws for options that say together nothing of where a database goes. */
function checkDatabaseOptions({ nixDatabase = false, gcroot, storeDir }: NixOptions): void {
  if (nixDatabase === true && storeDir === undefined) {
    throw new OptionError(
      "nixDatabase",
      (name) => `without ${name("storeDir")} the image is the store itself, so its path has to be given`,
    );
  }
  if (gcroot !== undefined && nixDatabase === false) {
    throw new OptionError("gcroot", (name) => `is for ${name("nixDatabase")}, which is not asked for`);
  }
}

/** Throws for files that cannot be where they are to go. */
function checkPlaces({ registration, nixDatabase, gcroot }: NixOptions): void {
  if (typeof registration === "string") splitFile("registration", registration);
  if (typeof nixDatabase === "string") splitFile("nixDatabase", nixDatabase);
  if (gcroot !== undefined) checkRoot(gcroot, nixDatabase);
}

/** Throws for options of store paths where the source has none, and for what they cannot be. */
export function checkStoreOptions(options: NixOptions, { isStore }: Source): void {
  checkDatabaseOptions(options);
  checkPlaces(options);
  if (isStore) return;
  const given = STORE_OPTIONS.find((option) => options[option] !== undefined && options[option] !== false);
  if (given === undefined) return;
  throw new OptionError(given, "the source has no store paths, as a closure has");
}
