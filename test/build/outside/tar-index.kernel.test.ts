/** Images whose data stays in tar archives (`--tar=i`), mounted by Linux with the archives as devices. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, readSync, statSync, writeFileSync, writeSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, tarStream } from "../../../dist/index.js";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { canMountErofs, withLoop, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { makeCornerTree } from "../../helpers/trees/corner-tree.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("tar-index");
const corners = `${scratch}/corners`;
const extracted = `${scratch}/extracted`;
const image = `${scratch}/image`;
const archive = `${scratch}/archive.tar`;

/** An archive of what lies in a directory; everything else is as GNU tar has it. */
function pack(file: string, folder: string, ...more: string[]): void {
  execFileSync("tar", ["--format=pax", "--xattrs", ...more, "-cf", file, "-C", folder, "."]);
}

describe.skipIf(!kernel)("an image that leaves data in tar archives", () => {
  beforeAll(() => {
    makeCornerTree(corners, { hugeHole: false });
    pack(archive, corners);
    // what GNU tar makes of the tree, which has no sockets, and no links of devices
    mkdirSync(extracted);
    execFileSync("tar", ["--numeric-owner", "-xpf", archive, "-C", extracted]);
  });

  test.each<[name: string, options: BuildOptions]>([
    ["as it comes", {}],
    ["of extended inodes", { inodes: "extended" }],
    ["for Linux 6.4", { targetKernel: "6.4" }],
  ])("reads back equal: %s", async (_name, options) => {
    const report = await buildErofs(tarStream(archive), image, { tarIndex: true, ...options });
    expect(report.blockSize).toBe(512);
    expect(report.minimumKernel).toBe("6.4");
    expect(report.bytesRead).toBe(0);
    expect(report.devices).toEqual([{ bytes: statSync(archive).size, tag: "", path: archive }]);
    const compared = await withLoop(archive, (device) =>
      withMount(image, (at) => compareTrees(extracted, at, {}), { mountOptions: `device=${device}` }),
    );
    expect(compared).toEqual([]);
  });

  test("of several has a device for each, later ones before earlier ones", async () => {
    const [first, second] = [`${scratch}/first`, `${scratch}/second`];
    execFileSync("mkdir", [first, second]);
    writeFileSync(`${first}/same`, "of the first\n");
    writeFileSync(`${first}/one`, "1".repeat(10_000));
    writeFileSync(`${second}/same`, "of the second\n");
    const archives = [`${scratch}/first.tar`, `${scratch}/second.tar`] as const;
    pack(archives[0], first);
    pack(archives[1], second);
    await buildErofs(tarStream(archives), image, { tarIndex: true });
    await withLoop(archives[0], (a) =>
      withLoop(archives[1], (b) =>
        withMount(
          image,
          (at) => {
            expect(readFileSync(`${at}/same`, "utf8")).toBe("of the second\n");
            expect(readFileSync(`${at}/one`, "utf8")).toBe("1".repeat(10_000));
          },
          { mountOptions: `device=${a},device=${b}` },
        ),
      ),
    );
  });

  test("lists blocks that are to be filled, and reads back equal when they are", async () => {
    const list = `${scratch}/list`;
    const { blockSize, devices } = await buildErofs(tarStream(archive), image, { tarIndex: list });
    expect([blockSize, devices]).toEqual([4096, []]);
    const [from, to] = [openSync(archive, "r"), openSync(image, "r+")];
    for (const line of readFileSync(list, "latin1").trimEnd().split("\n")) {
      const [, blk = "", blocks = "", source = "", zeros = "0"] =
        /^([0-9a-f]{8}) ([ 0-9a-f]{8}) ([0-9a-f]{8,})(?: (\d{8}))?$/.exec(line)!;
      const bytes = Buffer.alloc(Number.parseInt(blocks.trim(), 16) * 4096);
      readSync(from, bytes, 0, bytes.length - Number(zeros), Number.parseInt(source, 16));
      writeSync(to, bytes, 0, bytes.length, Number.parseInt(blk, 16) * 4096);
    }
    closeSync(from);
    closeSync(to);
    expect(await withMount(image, (at) => compareTrees(extracted, at, {}))).toEqual([]);
  });
});
