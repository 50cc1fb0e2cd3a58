/** The options of `ts-gensquashfs` for tar archives: those of tar2sqfs, whose letters count where `--tar` is given. */
import { type Option, rowsFor } from "../shared/option.ts";
import { directory, text } from "../shared/value.ts";
import type { Settings } from "./settings.ts";

const { flag, valued } = rowsFor<Settings>();

/** A row an option. */
export const TAR: readonly Option<Settings>[] = [
  valued({
    names: "--root-becomes",
    value: directory(),
    sets: "rootBecomes",
    needs: "--tar",
    help:
      "-r: this directory of the archive becomes the root, and what does not lie in it is left out; links that lead there lead " +
      "to where it is now",
  }),
  flag({
    names: "--no-symlink-retarget",
    sets: { keepTargets: true },
    needs: "--root-becomes",
    help: "-S: symbolic links keep their targets",
  }),
  valued({
    names: "--exclude-dir",
    value: text("GLOB"),
    sets: (pattern, { excludeMembers = [] }) => ({ excludeMembers: [...excludeMembers, pattern] }),
    needs: "--tar",
    help: "-E: leave out what the pattern matches in the archive, and what lies in it; wildcards match slashes too",
  }),
  flag({ names: "--no-xattr", sets: { noXattrs: true }, needs: "--tar", help: "-x: leave extended attributes out" }),
  flag({
    names: "--no-keep-time",
    sets: { noKeepTime: true },
    needs: "--tar",
    help: "-k: all entries have the time of --defaults",
  }),
  flag({
    names: "--no-skip",
    help: "-s: accepted for tar2sqfs's sake: an archive that cannot be read is an error in any case",
  }),
];

/** What letters of tar2sqfs stand for, which mean something else to gensquashfs, or nothing. */
const LETTERS: Readonly<Record<string, string>> = {
  "-E": "--exclude-dir",
  "-S": "--no-symlink-retarget",
  "-k": "--no-keep-time",
  "-r": "--root-becomes",
  "-s": "--no-skip",
  "-x": "--no-xattr",
};

/** The options as a command line means them: with `--tar` letters are those of tar2sqfs. */
export function optionsFor(argv: readonly string[], options: readonly Option<Settings>[]): readonly Option<Settings>[] {
  if (!argv.some((word) => /^--tar?(=|$)/.test(word))) return options;
  return options.map((option) => {
    const own = Object.keys(LETTERS).filter((letter) => option.names.includes(LETTERS[letter]!));
    return { ...option, names: [...option.names.filter((name) => LETTERS[name] === undefined), ...own] };
  });
}
