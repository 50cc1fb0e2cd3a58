/**
 * Modes, owners and capabilities of an Android image, by path, as libcutils has them: from a list that names every path
 * (canned fs_config), or by rules with patterns, of which the first that matches counts.
 *
 *     canned  system/bin/run-as 0 2000 0750 capabilities=0xc0
 *     rule    | len u16 | mode u16 | uid u16 | gid u16 | capabilities u64 | pattern, NUL |      in fs_config_files, _dirs
 *
 * Paths and patterns are latin1 strings without a slash in front.
 */
import { encodeUtf8, latin1FromBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { compileGlob } from "../../../text/glob.ts";

/** What an entry gets; its kind stays. */
export interface AndroidMetadata {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** A bit a capability; 0: none. */
  readonly capabilities: bigint;
}

/** Tells what is for a path; undefined: nothing is. */
export type AndroidConfig = (path: string, isDirectory: boolean) => AndroidMetadata | undefined;

const MAX_ID = 0xfffffffe;
const MAX_MODE = 0o7777;

/**
 * Reads a list that names every path; of several lines for one path the last counts. The root is `/`, or nothing. Words
 * behind the mode that are no capabilities, such as labels, say nothing.
 *
 * @throws ImageError `INPUT` naming the line
 */
export function parseCanned(text: Uint8Array, name: string): AndroidConfig {
  const byPath = new Map<string, AndroidMetadata>();
  const lines = latin1FromBytes(text).split("\n");
  if (lines.at(-1) === "") lines.pop();
  lines.forEach((line, index) => {
    const fail = (why: string) => new ImageError("INPUT", `${name}: line ${index + 1}: ${why}`, { path: name });
    const [path, uid, gid, mode, ...rest] = (line.startsWith(" ") ? `/${line}` : line).split(" ").filter(Boolean);
    if (mode === undefined) throw fail("it is not PATH UID GID MODE [capabilities=MASK]");
    const capabilities = rest.find((word) => word.startsWith(CAPABILITIES))?.slice(CAPABILITIES.length) ?? "0";
    byPath.set(path!.replace(/^\//, ""), {
      uid: readNumber(uid!, 10, MAX_ID, () => fail(`"${uid}" is no user id`)),
      gid: readNumber(gid!, 10, MAX_ID, () => fail(`"${gid}" is no group id`)),
      mode: readNumber(mode, 8, MAX_MODE, () => fail(`"${mode}" is no octal mode`)),
      capabilities: readMask(capabilities, () => fail(`"${capabilities}" is no mask of capabilities`)),
    });
  });
  return (path) => byPath.get(path);
}

const CAPABILITIES = "capabilities=";

function readNumber(word: string, radix: 8 | 10, max: number, fail: () => ImageError): number {
  const isNumber = (radix === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(word);
  const value = Number.parseInt(word, radix);
  if (!isNumber || value > max) throw fail();
  return value;
}

/** A number as C has them: 0x and digits are hexadecimal, 0 and digits octal. */
function readMask(word: string, fail: () => ImageError): bigint {
  if (!/^(0x[0-9a-f]+|[1-9][0-9]*|0[0-7]*)$/i.test(word)) throw fail();
  const value = BigInt(/^0[0-7]/.test(word) ? `0o${word.slice(1)}` : word);
  if (value >> 64n !== 0n) throw fail();
  return value;
}

/** What entries that a pattern matches get. */
export interface AndroidRule extends AndroidMetadata {
  readonly pattern: string;
}

/** Bytes of a rule before its pattern. */
const RULE_HEAD = 16;

/**
 * Reads the rules of a file in which they are packed.
 *
 * @throws ImageError `INPUT` naming where a rule is that is cut off, or has no end
 */
export function parseRules(bytes: Uint8Array, name: string): AndroidRule[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const rules: AndroidRule[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.length - at < RULE_HEAD ? 0 : view.getUint16(at, true);
    const pattern = bytes.subarray(at + RULE_HEAD, at + length);
    const end = pattern.indexOf(0);
    if (length <= RULE_HEAD || at + length > bytes.length || end < 0) {
      throw new ImageError("INPUT", `${name}: the rule at byte ${at} is cut off, or has no end`, { path: name });
    }
    rules.push({
      mode: view.getUint16(at + 2, true) & MAX_MODE,
      uid: view.getUint16(at + 4, true),
      gid: view.getUint16(at + 6, true),
      capabilities: view.getBigUint64(at + 8, true),
      pattern: latin1FromBytes(pattern.subarray(0, end)),
    });
    at += length;
  }
  return rules;
}

/** What no rule is for. */
const PLAIN_DIRECTORY: AndroidMetadata = { mode: 0o755, uid: 0, gid: 0, capabilities: 0n };
const PLAIN_FILE: AndroidMetadata = { mode: 0o644, uid: 0, gid: 0, capabilities: 0n };

/** Partitions that lie in others: a path in one is matched from its own name on too. */
const INNER_PARTITIONS = ["system/product/", "system/system_ext/", "system/vendor/", "vendor/odm/"];

/** Tells by rules, the first that matches; a directory is matched by what it lies in too. */
export function matchRules(files: readonly AndroidRule[], directories: readonly AndroidRule[]): AndroidConfig {
  const compile = (rules: readonly AndroidRule[], toPattern: (pattern: string) => string) =>
    // no character is quoted in these patterns
    rules.map((rule) => ({ rule, matches: compileGlob(toPattern(rule.pattern).replaceAll("\\", "\\\\")) }));
  const ofFiles = compile(files, (pattern) => pattern);
  const ofDirectories = compile(directories, (pattern) => `${pattern.replace(/\/\*?$/, "")}/*`);
  return (path, isDirectory) => {
    const whole = isDirectory && !path.endsWith("/") ? `${path}/` : path;
    const isInner = INNER_PARTITIONS.some((partition) => whole.startsWith(partition));
    const inner = isInner ? whole.slice(whole.indexOf("/") + 1) : undefined;
    const found = (isDirectory ? ofDirectories : ofFiles).find(
      ({ matches }) => matches(whole) || (inner !== undefined && matches(inner)),
    );
    return found?.rule ?? (isDirectory ? PLAIN_DIRECTORY : PLAIN_FILE);
  };
}

/** `security.capability`. */
export const CAPABILITY_NAME: Uint8Array = encodeUtf8("security.capability");

const VFS_CAP_REVISION_2 = 0x02000000;
const VFS_CAP_FLAGS_EFFECTIVE = 1;

/** The value of the attribute by which a program gets capabilities, permitted and effective: struct vfs_cap_data. */
export function encodeCapabilities(capabilities: bigint): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(0, VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, true);
  view.setUint32(4, Number(capabilities & 0xffffffffn), true);
  view.setUint32(12, Number(capabilities >> 32n), true);
  return bytes;
}
