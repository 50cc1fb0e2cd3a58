/** Stages what a manifest describes: modes, owners and links are what it says, contents lie on this machine. */
import { writeFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { latin1FromBytes } from "../../../../core/bytes.ts";
import type { EntryMeta } from "../../../tree/edit.ts";
import type { StagePolicy } from "../../../tree/policy.ts";
import { FLAG_SPARSE, NONE, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../../../tree/tree.ts";
import { type Amending, amend } from "../../node-amend.ts";
import { type FileSource, nothing } from "../../node-sources.ts";
import { addHardLinks, locate } from "../hard-links.ts";
import type { PackFileDefaults } from "../node-pack-file.ts";
import { type ManifestItem, parseManifest, readManifest } from "./manifest-reader.ts";

/** A manifest as it was found: its text, or what such a text holds. */
export type GivenManifest = {
  /** What messages call it. */
  name: string;
  /** The folder in which paths begin. */
  base: string;
} & ({ text: Uint8Array } | { value: unknown });

/** The tree of a manifest. @param defaults of the root, and of directories that are not described */
export function openManifest(given: GivenManifest, defaults: PackFileDefaults, policy: StagePolicy): FileSource {
  const { name, base } = given;
  const items = [...readManifest("text" in given ? parseManifest(given.text, name) : given.value, name)];
  const newest = () => items.reduce((time, { mtime }) => Math.max(time, mtime?.sec ?? 0), 0);
  const { mode = 0o755, uid = 0, gid = 0, mtime = policy.buildTime ?? newest(), keepsOwner } = defaults;
  const root = { mode: S_IFDIR | mode, uid, gid, mtime, keepsOwner };
  return amend(nothing(), root, (work) => {
    new ManifestStager(work, latin1FromBytes(Buffer.from(base))).add(items, root);
  });
}

class ManifestStager {
  readonly #work: Amending;
  readonly #base: string;
  /** Of what has none of its own. */
  #time = 0;
  /** Files that have been made, by what they hold. */
  readonly #made = new Map<string, string>();

  constructor(work: Amending, base: string) {
    this.#work = work;
    this.#base = base;
  }

  add(items: readonly ManifestItem[], root: EntryMeta): void {
    const { editor } = this.#work;
    this.#time = root.mtime;
    editor.setMeta(0, root);
    const links: ManifestItem[] = [];
    for (const item of items) {
      if (item.isHardLink) links.push(item);
      else locate(item.where, () => this.#add(item), item.shown);
    }
    addHardLinks(editor, links);
    this.#work.leaveOutExcluded();
  }

  #add(item: ManifestItem): void {
    const { editor, tree } = this.#work;
    const { path, uid, gid, mode, mtime, xattrs } = item;
    const { sec, nsec } = mtime ?? { sec: this.#time, nsec: 0 };
    const meta = { mode, uid, gid, mtime: sec, mtimeNsec: nsec };
    const kind = mode & S_IFMT;
    const isDevice = kind === S_IFCHR || kind === S_IFBLK;
    const entry =
      kind === S_IFREG
        ? this.#addFile(item, meta)
        : isDevice
          ? this.#work.addDevice(path, meta, item.major, item.minor)
          : editor.add(path, meta);
    if (entry === NONE) return;
    if (kind === S_IFLNK) editor.setTarget(entry, item.target);
    if (kind === S_IFREG && item.sparse !== undefined) {
      tree.flags.view[entry] = (tree.flags.view[entry]! & ~FLAG_SPARSE) | (item.sparse ? FLAG_SPARSE : 0);
    }
    const taken = xattrs.filter(({ name }) => this.#work.takesXattr(name));
    if (taken.length > 0) this.#work.setXattrs(entry, taken);
  }

  #addFile({ path, source, contents }: ManifestItem, meta: EntryMeta): number {
    if (contents === undefined) return this.#work.addFile(path, meta, this.#diskPath(source));
    // whatever is empty, or else alike, is one file
    const text = latin1FromBytes(contents);
    const made = this.#made.get(text);
    if (made !== undefined) return this.#work.addAlike(path, meta, made);
    const entry = this.#work.addMade(path, meta, (file) => writeFileSync(file, contents));
    this.#made.set(text, this.#work.diskPath(entry));
    return entry;
  }

  #diskPath(source: string): string {
    return isAbsolute(source) ? source : `${this.#base}/${source}`;
  }
}
