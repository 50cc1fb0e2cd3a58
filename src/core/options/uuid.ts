/** UUIDs as text, and back. */
import { toHex } from "../bytes.ts";
import { OptionError } from "./option-error.ts";

/** 32 hex digits, as 8-4-4-4-12 or without dashes. */
const FORM = /^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i;

/** Whether {@link parseUuid} takes it. */
export function isUuid(text: string): boolean {
  return FORM.test(text);
}

/** Its 16 bytes. @throws OptionError about `option` for what is none */
export function parseUuid(option: string, text: string): Uint8Array {
  if (!isUuid(text)) throw new OptionError(option, `"${text}" is not 32 hex digits as 8-4-4-4-12`);
  return Uint8Array.from(text.replaceAll("-", "").match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

/** 16 bytes as 8-4-4-4-12 hex digits. */
export function showUuid(uuid: Uint8Array): string {
  return toHex(uuid).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
