/** Options of `ts-mkerofs` about what lies in other devices than the image. */
import { expect, test } from "vitest";
import { parseOptions } from "../../../src/cli/mkerofs/options.ts";
import { UsageError } from "../../../src/cli/shared/getopt.ts";

test.each([
  ["--blobdev=x --chunksize=4096 --vmdk-desc=y img src", { blobDevice: "x", chunkSize: 4096, vmdkDescriptor: "y" }],
  ["--blobdev=x --chunksize=4096 -E^dedupe img src", { blobDevice: "x", chunkSize: 4096, dedupe: "none" }],
  ["--blobdev=x --chunksize=4096 -Ededupe img src", { blobDevice: "x", chunkSize: 4096, dedupeChunks: true }],
])("%s", (line, build) => {
  expect(parseOptions(line.split(" "), {})).toMatchObject({ build });
});

test.each([
  ["--blobdev=x img src", "--blobdev: needs --chunksize"],
  ["--blobdev= img src", '--blobdev: "" is no file'],
  ["--vmdk-desc= img src", '--vmdk-desc: "" is no file'],
  ["--format=squashfs --blobdev=x img src", "--blobdev: not for SquashFS"],
  ["--format=squashfs --vmdk-desc=x img src", "--vmdk-desc: not for SquashFS"],
])("%s is refused: %s", (line, message) => {
  expect(() => parseOptions(line.split(" "), {})).toThrow(new UsageError(message));
});
