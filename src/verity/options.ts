/** How the hash tree of dm-verity is made. */
import { type Checks, FLAG, TEXT } from "../core/options/checks.ts";
import { OptionError } from "../core/options/option-error.ts";
import { parseUuid } from "../core/options/uuid.ts";
import { MAX_SALT } from "./format.ts";

/** What of dm-verity a build can be told. Every field is optional. */
export interface VerityOptions {
  /**
   * A file or block device that gets superblock and tree (`--verity=FILE`). Default: they are appended to the image, which
   * is padded to 4096 bytes before; a pipe takes only the image.
   */
  out?: string | undefined;
  /**
   * What every hash begins with (`--verity-salt`): 1 to 256 bytes as hex digits, or `-` for none. Default: 32 bytes derived
   * from the image's first 4096.
   */
  salt?: string | undefined;
  /** UUID in the superblock, 8-4-4-4-12 hex digits (`--verity-uuid`). Default: derived from the root hash. */
  uuid?: string | undefined;
  /** Write the superblock, in which parameters stand (false: `--verity-no-superblock`). Default: true. */
  superblock?: boolean | undefined;
  /** A file that gets the root hash, 64 hex digits and a newline (`--verity-root-out`). Default: none. */
  rootOut?: string | undefined;
}

/** What may stand in {@link VerityOptions}. */
export const VERITY_CHECKS: Checks<VerityOptions> = {
  out: TEXT,
  salt: TEXT,
  uuid: TEXT,
  superblock: FLAG,
  rootOut: TEXT,
};

/** {@link VerityOptions} that shape a tree; what is undefined is derived. */
export interface VeritySettings {
  salt: Uint8Array | undefined;
  uuid: Uint8Array | undefined;
  hasSuperblock: boolean;
}

/** Throws `INPUT` for what cannot be; without options, or where they are only asked for, there is nothing that could. */
export function resolveVerityOptions(options: boolean | VerityOptions = {}): VeritySettings {
  const { salt, uuid, superblock = true } = typeof options === "boolean" ? {} : options;
  if (uuid !== undefined && !superblock) throw new OptionError("verity.uuid", "without a superblock nothing has it");
  return {
    salt: salt === undefined ? undefined : parseSalt(salt),
    uuid: uuid === undefined ? undefined : parseUuid("verity.uuid", uuid),
    hasSuperblock: superblock,
  };
}

function parseSalt(text: string): Uint8Array {
  if (text === "-") return new Uint8Array(0);
  if (text.length > 2 * MAX_SALT || !/^([0-9a-f]{2})+$/i.test(text)) {
    throw new OptionError("verity.salt", `"${text}" is neither 1 to ${MAX_SALT} bytes as hex digits, nor -`);
  }
  return Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}
