/** What is built under trouble: every command, both formats, plain and compressed, from sources of every kind. */
import type { CommandName } from "../../test/helpers/commands.ts";
import type { Sources } from "./sources.ts";

/** A command line. */
export interface Build {
  name: string;
  command: CommandName;
  /** The form of the source. */
  source: keyof Sources;
  /** Words of the command; `IMAGE` stands for the target, `SOURCE` for the source. */
  words: string;
  /** The source is standard input. */
  readsInput?: boolean;
}

const mkerofs = (name: string, source: keyof Sources, words: string): Build => ({
  name: `mkerofs ${name}`,
  command: "mkerofs",
  source,
  words: `--workers=2 --quiet ${words}`,
});
const mksquashfs = (name: string, source: keyof Sources, words: string, readsInput = false): Build => ({
  name: `mksquashfs ${name}`,
  command: "mksquashfs",
  source,
  words: `${words} -noappend -quiet -no-progress -all-time 0 -processors 2`,
  readsInput,
});
const gensquashfs = (name: string, source: keyof Sources, words: string): Build => ({
  name: `gensquashfs ${name}`,
  command: "gensquashfs",
  source,
  words: `-q -f -j 2 ${words} IMAGE`,
});

/** All of them. */
export const BUILDS: readonly Build[] = [
  mkerofs("directory", "tree", "-T0 IMAGE SOURCE"),
  mkerofs("directory, in chunks", "tree", "-T0 --chunksize=4096 -Ededupe IMAGE SOURCE"),
  mkerofs("directory, lz4", "tree", "-T0 -zlz4 IMAGE SOURCE"),
  mkerofs("directory, zstd, fragments", "tree", "-T0 -zzstd,1 -C65536 -Efragments,ztailpacking IMAGE SOURCE"),
  mkerofs("directory, lz4hc, equal runs", "tree", "-T0 -zlz4hc -Ededupe,all-fragments IMAGE SOURCE"),
  mkerofs("directory, metabox", "tree", "-T0 -zlz4 -m4096 IMAGE SOURCE"),
  mkerofs("directory, verified", "tree", "-T0 --verify IMAGE SOURCE"),
  mkerofs("directory, lz4, verified and hashed", "tree", "-T0 -zlz4 --verify --verity IMAGE SOURCE"),
  mkerofs("closure", "closure", "--closure=SOURCE IMAGE"),
  mkerofs("closure, lz4", "closure", "-zlz4 --closure=SOURCE IMAGE"),
  mkerofs("closure, SquashFS", "closure", "--format=squashfs -zlz4 --closure=SOURCE IMAGE"),
  mkerofs("tar", "tar", "-T0 --tar=f IMAGE SOURCE"),
  mkerofs("tar.gz, lz4", "gzip", "-T0 -zlz4 --tar=f IMAGE SOURCE"),
  mkerofs("zip", "zip", "-T0 --zip IMAGE SOURCE"),
  mkerofs("zip, SquashFS", "zip", "-T0 --format=squashfs -zlz4 --zip IMAGE SOURCE"),
  mkerofs("NAR", "nar", "-T0 --nar=SOURCE IMAGE"),
  mkerofs("NAR, lz4", "nar", "-T0 -zlz4 -Efragments --nar=SOURCE IMAGE"),
  mksquashfs("directory, lz4", "tree", "SOURCE IMAGE -comp lz4"),
  mksquashfs("directory, not compressed", "tree", "SOURCE IMAGE -noI -noD -noF -noX"),
  mksquashfs("directory, zstd, no fragments", "tree", "SOURCE IMAGE -comp zstd -Xcompression-level 1 -no-fragments"),
  mksquashfs("directory, lz4, verified and hashed", "tree", "SOURCE IMAGE -comp lz4 -verify -verity"),
  mksquashfs("tar", "tar", "- IMAGE -tar -comp lz4", true),
  gensquashfs("directory, lz4", "tree", "-c lz4 -D SOURCE"),
  gensquashfs("pack file, gzip", "pack", "-c gzip -X level=1 -F SOURCE"),
  gensquashfs("tar, lz4", "tar", "-c lz4 --tar=SOURCE"),
  gensquashfs("tar, lz4, verified", "tar", "-c lz4 --verify --tar=SOURCE"),
];

/** The words of a build. */
export function wordsOf({ words }: Build, image: string, source: string): string[] {
  return words.split(" ").map((word) => word.replace("IMAGE", image).replace("SOURCE", source));
}
