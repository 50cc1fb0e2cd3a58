/** The table of `ts-mkerofs`: what goes into the image. */
import { withSlashes } from "../../stage/source/disk/node-windows.ts";
import { type Option, rowsFor } from "../shared/option.ts";
import { file, text } from "../shared/value.ts";
import type { Settings } from "./settings.ts";

const { flag, valued } = rowsFor<Settings>();

/** `sources`. */
export const SOURCES: readonly Option<Settings>[] = [
  valued({
    names: "--closure --nix-closure",
    value: file(),
    sets: "closure",
    help:
      'take the paths that FILE lists, in any form that Nix prints: one a line, "nix path-info" with or without --json, ' +
      '.attrs.json, a registration, a graph, or a closureInfo folder; "-" is standard input. SOURCEs go beside them',
  }),
  flag({
    names: "--closure-of",
    sets: { closureOf: true },
    help: "take SOURCEs, which are store paths, or lead to some, with all that they refer to by Nix's database",
  }),
  valued({
    names: "--nix-db-from",
    value: file(),
    sets: "nixDbFrom",
    default: "/nix/var/nix/db/db.sqlite",
    needs: "--closure-of",
    help: "Nix's database; it is read as it stands, with its log, and neither locked nor written to",
  }),
  valued({
    names: "--exclude-path",
    value: text("X"),
    sets: (path, { excludePaths }) => ({ excludePaths: [...excludePaths, withSlashes(path)] }),
    help: "leave out X, a path relative to the root of the image",
  }),
  valued({
    names: "--exclude-regex",
    value: text("X"),
    sets: (regex, { excludeRegexes }) => ({ excludeRegexes: [...excludeRegexes, regex] }),
    help: "leave out what matches X, a POSIX extended regular expression",
  }),
  flag({ names: "--one-file-system", sets: { oneFileSystem: true }, help: "leave out what is mounted below a source" }),
];
