/** Lists that say more than paths. Lists of paths alone are read elsewhere, and none of this with them. */
import { showBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { latin1Text } from "../../../text/encoding.ts";
import type { KnownPath } from "../known-path.ts";

export { checkReferences } from "../known-path.ts";

import type { ListKind } from "./list-kind.ts";
import { parsePathInfos } from "./path-info-json.ts";
import { parseRegistration } from "./registration.ts";

/** What a text may be long: a store of 100,000 paths takes a fifth of it. */
const MAX_BYTES = 2 ** 28;

/** Reads a list of any of these kinds. Throws `INPUT`, also for one that names no path. @param name what messages call it */
export function readKnownPaths(bytes: Uint8Array, kind: Exclude<ListKind, "paths">, name: string): KnownPath[] {
  if (bytes.length > MAX_BYTES)
    throw new ImageError("LIMIT", `${name}: is longer than ${MAX_BYTES} bytes`, { path: name });
  const text = latin1Text(bytes, name);
  const known =
    kind === "json"
      ? parsePathInfos(showBytes(bytes).replace(/^\uFEFF/, ""), name)
      : parseRegistration(text, name, kind === "registration");
  if (known.length === 0) throw new ImageError("INPUT", `${name}: names no path`, { path: name });
  return known;
}
