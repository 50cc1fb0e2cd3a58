/** The options of `ts-mkerofs` that have SOURCEs be tar archives. */
import { expect, test } from "vitest";
import { parseOptions } from "../../../src/cli/mkerofs/options.ts";
import { UsageError } from "../../../src/cli/shared/getopt.ts";

const parse = (line: string) => parseOptions(line.split(" "), {});

test.each<[string, object]>([
  ["--tar img", { tar: { mode: "f", aufs: false, overlay: "keep", copyTo: undefined }, sources: ["-"] }],
  ["--tar=f img a b", { tar: { mode: "f" }, sources: ["a", "b"] }],
  ["--tar= --aufs --ovlfs-strip --ungzip=x img -", { tar: { mode: "f", aufs: true, overlay: "strip", copyTo: "x" } }],
  ["--tar --unxz --unlzma=x img a", { tar: { mode: "f", copyTo: "x" } }],
  ["--tar=f --unzstd --gzip --ovlfs-strip=0 img a", { tar: { mode: "f", overlay: "keep" }, warnings: [] }],
  ["--tar=i img a b", { tar: { mode: "i" }, build: { tarIndex: true } }],
  ["--tar=0 img a", { tar: { mode: "i" }, build: { tarIndex: true } }],
  ["--tar=i,map,x img a", { tar: { mode: "i" }, build: { tarIndex: "map,x" } }],
  ["--aufs img a", { warnings: ["--aufs has no effect without --tar"] }],
  ["--aufs --tar img", { warnings: [] }],
])("%s", (line, expected) => {
  expect(parse(line)).toMatchObject(expected);
});

test.each([
  ["--tar img - -", 'SOURCE: "-", standard input, can be read only once'],
  ["--tar --ungzip=x img a b", "--ungzip: a copy is made of a single archive"],
  ["--tar --nar=x img a", "--tar and --nar: only one of them"],
  ["--tar=headerball img a", "--tar: headerball: contents have to be there"],
  ["--tar=f,map img a", "--tar: a list of blocks is for data that stays in the archive: i,map"],
  ["--tar=x img a", '--tar: "x" is none of f, i, headerball'],
  ["--gzinfo img a", "--gzinfo: no table of places in a compressed archive is written"],
])("%s is refused: %s", (line, message) => {
  expect(() => parse(line)).toThrow(new UsageError(message));
});
