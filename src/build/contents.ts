/**
 * What jobs read. Contents that every thread can open are a value, which is posted to the threads and opened in each of
 * them; any others are an object of the main thread, and read by it alone.
 */
import type { TemporaryFile } from "../core/node/node-temporary.ts";
import type { JobContext } from "../core/threads/threads.ts";
import type { Arrangement } from "../erofs/compress/arrange.ts";
import type { ArchiveRanges } from "../stage/source/archive/node-archive-contents.ts";
import { FileContents } from "../stage/source/disk/node-files.ts";
import type { SharedPaths } from "../stage/source/disk/node-paths.ts";
import type { SharedBytes } from "../stage/source/memory-contents.ts";
import type { Origins } from "../stage/source/merge.ts";
import type { Contents } from "../stage/tree/contents.ts";
import { type SharedTree, Tree } from "../stage/tree/tree.ts";
import type { SharedImages } from "./source/images/images-contents.ts";

/** Contents that every thread can open; plain data, most of it in shared memory. */
export type SharedContents =
  /** Files on this machine. */
  | { kind: "files"; paths: SharedPaths }
  /** The packed inode's: the spill file in which they were gathered, and the order in which the inode has them. */
  | { kind: "gathered"; file: TemporaryFile; arrangement: Arrangement | undefined }
  /** In archives. */
  | { kind: "archived"; ranges: ArchiveRanges }
  /** In EROFS images. */
  | { kind: "images"; images: SharedImages }
  /** In memory. */
  | { kind: "memory"; bytes: SharedBytes }
  /** Of trees that have become one. */
  | { kind: "merged"; parts: readonly { tree: SharedTree; contents: SharedContents }[]; origins: Origins };

/** What most jobs read. */
export interface JobInput {
  tree: SharedTree;
  contents: SharedContents | Contents;
}

/** Whether every thread can open these contents. */
export function isShared(contents: SharedContents | Contents): contents is SharedContents {
  return "kind" in contents;
}

/** Opens the tree and the contents for a thread's part in a job. @param isChecked see {@link FileContents} */
export async function openInput(
  job: JobContext,
  input: JobInput,
  isChecked = true,
): Promise<{ tree: Tree; contents: Contents }> {
  const tree = Tree.attach(input.tree);
  return { tree, contents: await openContents(job, tree, input.contents, isChecked) };
}

/** Opens contents for a thread's part in a job. */
export async function openContents(
  job: JobContext,
  tree: Tree,
  contents: SharedContents | Contents,
  isChecked = true,
): Promise<Contents> {
  return countReads(job, job.keep(isShared(contents) ? await open(tree, contents, isChecked) : contents));
}

/** Has the bytes that a thread reads of contents counted when its part is over. */
export function countReads<C extends Contents>(job: JobContext, contents: C): C {
  const release = () => {
    job.countRead(contents.bytesRead);
    // the main thread's contents may be read on in other jobs
    contents.bytesRead = 0;
  };
  job.keep({ release });
  return contents;
}

async function open(tree: Tree, contents: SharedContents, isChecked = true): Promise<Contents> {
  switch (contents.kind) {
    case "files":
      return new FileContents(tree, contents.paths, isChecked);
    case "gathered":
      return new (await import("./spilled.ts")).GatheredContents(contents.file, contents.arrangement);
    case "archived":
      return new (await import("../stage/source/archive/node-archive-contents.ts")).ArchiveContents(
        tree,
        contents.ranges,
      );
    case "images":
      return new (await import("./source/images/images-contents.ts")).ImagesContents(tree, contents.images);
    case "memory":
      return new (await import("../stage/source/memory-contents.ts")).MemoryContents(contents.bytes);
    case "merged": {
      const { parts, origins } = contents;
      const { MergedContents } = await import("../stage/source/merged-contents.ts");
      const opened = parts.map((part) => open(Tree.attach(part.tree), part.contents, isChecked));
      return new MergedContents(await Promise.all(opened), origins.part, origins.entry);
    }
  }
}

/** Opens contents for the main thread alone, which may read them in several jobs. */
export async function openUnshared(tree: Tree, contents: SharedContents | Contents): Promise<Contents> {
  return isShared(contents) ? open(tree, contents) : contents;
}
