/** Rules that give entries of the image other modes, whatever they have where they come from. */
import { encodeUtf8, latin1FromBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import { compileGlob } from "../text/glob.ts";
import type { ChmodRule } from "./policy.ts";
import { type ModeChange, parseMode } from "./symbolic-mode.ts";
import { LINK_FIELDS, S_IFDIR, S_IFLNK, type Tree } from "./tree.ts";

/** A {@link ChmodRule} to work with; paths are latin1 strings. */
export interface CompiledChmod {
  /** As the caller has it. */
  readonly pattern: string;
  matches(path: string): boolean;
  change: ModeChange;
}

/** The number of the rule that means none. */
const NO_RULE = -1;

/** Compiles the rules. Throws `INPUT` for what is none, naming it by its place from 1. */
export function compileChmod(rules: readonly ChmodRule[]): CompiledChmod[] {
  if (!Array.isArray(rules)) throw new ImageError("INPUT", "chmod: not an array of {pattern, mode}");
  return (rules as readonly ChmodRule[]).map((rule, index) => {
    const { pattern, mode } = rule ?? {};
    const where = `chmod: rule ${index + 1}`;
    if (typeof pattern !== "string") throw new ImageError("INPUT", `${where}: its pattern is no string`);
    const text = typeof mode === "number" ? mode.toString(8) : mode;
    const change = typeof text === "string" ? parseMode(text) : undefined;
    if (change === undefined) {
      throw new ImageError("INPUT", `${where}: ${JSON.stringify(mode)} is no mode, such as 0755 or u+x,go-w`);
    }
    return { pattern, matches: compilePattern(pattern), change };
  });
}

/** `/`, or nothing, is the root itself, which wildcards match too. */
function compilePattern(pattern: string): (path: string) => boolean {
  return compileGlob(latin1FromBytes(encodeUtf8(pattern.replace(/^\/+|(?<!\\)\/+$/g, ""))));
}

/**
 * Gives every entry that is no symbolic link the mode of the last rule that matches its path, or one of its paths.
 *
 * @returns the patterns of the rules that match nothing
 */
export async function applyChmod(job: JobContext, tree: Tree, rules: readonly CompiledChmod[]): Promise<string[]> {
  const changes = new ModeChanges(tree, rules);
  changes.note(0, "");
  const pending: { directory: number; path: string }[] = [{ directory: 0, path: "" }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { directory, path } = next;
    const first = tree.ref.view[directory]!;
    for (let entry = first; entry < first + tree.count.view[directory]!; entry++) {
      const kind = tree.kind(entry);
      if (kind === S_IFLNK) continue;
      const name = latin1FromBytes(tree.name(entry));
      const entryPath = path === "" ? name : `${path}/${name}`;
      changes.note(entry, entryPath);
      if (kind === S_IFDIR) pending.push({ directory: entry, path: entryPath });
      const breathing = job.breathe();
      if (breathing !== undefined) await breathing;
    }
  }
  return changes.finish();
}

/** Changes modes as entries come; those of inodes with several names in the end. */
class ModeChanges {
  readonly #tree: Tree;
  readonly #rules: readonly CompiledChmod[];
  readonly #matched = new Set<number>();
  /** By entry, of those that share their inode: what the inode goes by. */
  readonly #inodes: ReadonlyMap<number, string>;
  /** The last rule for each of those inodes, and its names. */
  readonly #shared = new Map<string, { rule: number; entries: number[] }>();

  constructor(tree: Tree, rules: readonly CompiledChmod[]) {
    this.#tree = tree;
    this.#rules = rules;
    this.#inodes = inodeKeys(tree);
  }

  note(entry: number, path: string): void {
    const rule = this.#find(path);
    const key = this.#inodes.get(entry);
    if (key === undefined) {
      this.#change(entry, rule);
      return;
    }
    const inode = this.#shared.get(key) ?? { rule: NO_RULE, entries: [] };
    inode.rule = Math.max(inode.rule, rule);
    inode.entries.push(entry);
    this.#shared.set(key, inode);
  }

  /** Gives the patterns of the rules that have matched nothing. */
  finish(): string[] {
    for (const { rule, entries } of this.#shared.values()) for (const entry of entries) this.#change(entry, rule);
    return this.#rules.filter((_, index) => !this.#matched.has(index)).map(({ pattern }) => pattern);
  }

  #find(path: string): number {
    let last = NO_RULE;
    this.#rules.forEach(({ matches }, index) => {
      if (!matches(path)) return;
      this.#matched.add(index);
      last = index;
    });
    return last;
  }

  #change(entry: number, rule: number): void {
    const modes = this.#tree.mode.view;
    if (rule !== NO_RULE) modes[entry] = this.#rules[rule]!.change(modes[entry]!);
  }
}

function inodeKeys(tree: Tree): ReadonlyMap<number, string> {
  const links = tree.links.view;
  const keys = new Map<number, string>();
  for (let at = 0; at < tree.linkCount * LINK_FIELDS; at += LINK_FIELDS) {
    keys.set(links[at]!, links.subarray(at + 1, at + LINK_FIELDS).join());
  }
  return keys;
}
