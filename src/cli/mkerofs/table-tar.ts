/** The options of `ts-mkerofs` that have SOURCEs be tar archives. */
import { UsageError } from "../shared/getopt.ts";
import { type Option, rowsFor } from "../shared/option.ts";
import { checkPath, choice, text, type Value } from "../shared/value.ts";
import type { Settings } from "./settings.ts";

const { flag, optional, refused } = rowsFor<Settings>();

/** `f`, `i` or `headerball`, and a file behind a comma. */
const TAR_MODE: Value<{ tar: "f" | "i"; tarIndex?: boolean | string }> = text("X", (name, given) => {
  const [mode = "", ...rest] = given.split(",");
  const map = rest.join(",");
  if (mode === "headerball") throw new UsageError(`${name}: headerball: contents have to be there`);
  if (mode === "i" || mode === "0") return { tar: "i", tarIndex: map || true };
  if (map !== "") throw new UsageError(`${name}: a list of blocks is for data that stays in the archive: i,${map}`);
  if (mode === "f" || mode === "") return { tar: "f" };
  throw new UsageError(`${name}: "${mode}" is none of f, i, headerball`);
});

const copy = text("X", (name, path) => checkPath(name, path, "file"), "file");

/** A row an option. */
export const TAR: readonly Option<Settings>[] = [
  optional({
    names: "--tar",
    value: TAR_MODE,
    sets: (mode) => mode ?? { tar: "f" as const },
    help:
      'SOURCEs are tar archives, extracted in order; without any, or with "-", standard input. They may be compressed with ' +
      "gzip, zstd, xz or lzma. f: an image of all that is in them. i: contents stay in the archives, which are mounted with the " +
      "image (-o device=); i,FILE: blocks of the image stay free for them, and FILE lists what they are to hold",
  }),
  flag({
    names: "--aufs",
    sets: { aufs: true },
    needs: "--tar",
    help: "whiteouts of AUFS, which layers of containers have, become those of overlayfs",
  }),
  optional({
    names: "--ovlfs-strip",
    value: choice("<0,1>", ["0", "1"]),
    sets: (strips = "1") => ({ overlay: strips === "1" ? "strip" : "keep" }),
    default: "0",
    help:
      "leave overlayfs's whiteouts and marks of opaque directories out; without it a directory SOURCE's directories in which " +
      "there are whiteouts get trusted.overlay.origin, by which overlayfs does not list them",
  }),
  flag({ names: "--gzip", help: "accepted: what archives begin with tells how they are compressed" }),
  ...["--ungzip", "--unxz", "--unlzma", "--unzstd"].map((names) =>
    optional({
      names,
      value: copy,
      sets: (tarCopy: string | undefined) => (tarCopy === undefined ? {} : { tarCopy }),
      help: "accepted; with X the decompressed archive is written to X too",
    }),
  ),
  refused({
    names: "--gzinfo",
    placeholder: "X",
    isOptional: true,
    why: "no table of places in a compressed archive is written",
  }),
];
