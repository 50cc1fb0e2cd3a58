/** Sources that are missing, or lie about their size: an error that names the path, never a hang, never wrong bytes. */
import { spawnSync } from "node:child_process";
import { closeSync, constants, existsSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, directory, type Entry, entries, type Source } from "../../../dist/index.js";
import { runInChild } from "../../helpers/child.ts";
import { makeFaultBench } from "../../helpers/faults.ts";

const { scratch, source, image, expectFault, expectUntouched } = makeFaultBench("faults-source");

test("nothing where the source should be, a file, no path at all are errors", async () => {
  writeFileSync(`${source}/file`, "");
  await expectFault(buildErofs(directory(`${scratch}/none`), image), "INPUT", `${scratch}/none`, /no such file/);
  await expectFault(buildErofs(directory(`${source}/file`), image), "INPUT", `${source}/file`, /not a directory/);
  for (const path of ["", "a\0b"])
    await expect(buildErofs(directory(path), image)).rejects.toMatchObject({ code: "INPUT" });
  expectUntouched();
});

describe("files that do not have the size that stat(2) says:", () => {
  // in /proc it is 0, in /sys a page
  const folders = [
    ["/proc/sys/kernel/random", "grew"],
    ["/sys/class/net/lo/statistics", "shrank"],
  ] as const;
  test.each(folders.filter(([folder]) => existsSync(folder)))(
    "%s is an error, neither a hang nor an image",
    (folder, how) => {
      // what is open stays: Linux forgets such an inode where memory is short, and the next one has another time
      const held = readdirSync(folder).map((name) =>
        openSync(`${folder}/${name}`, constants.O_RDONLY | constants.O_NONBLOCK),
      );
      const body = "return (await api.buildErofs(api.directory(args.folder), args.image)).bytes";
      const { error } = runInChild(body, { folder, image }, { timeout: 20_000 });
      expect(error).toMatchObject({ isImageError: true, code: "CHANGED", path: expect.stringContaining(`${folder}/`) });
      expect(error!.message).toBe(`${error!.path}: ${how} while it was packed`);
      held.forEach(closeSync);
      expectUntouched();
    },
  );
});

describe("contents from memory that", () => {
  const path = "folder/file";
  const contentsOf = (size: number, readAt: (into: Uint8Array, offset: number) => number | Promise<number>): Source => {
    const list: Entry[] = [
      { path: "folder/a", contents: "fine" },
      { path, contents: { size, readAt } },
    ];
    return entries(list);
  };

  test.each([10, 5000, 300_000])("end too early are an error (%i bytes)", async (size) => {
    for (const length of [0, size - 1]) {
      const readAt = (into: Uint8Array, offset: number) => Math.max(0, Math.min(into.length, length - offset));
      await expectFault(buildErofs(contentsOf(size, readAt), image), "CHANGED", path, "shrank");
    }
  });

  test.each([0, 10, 5000, 300_000])("have %i bytes are asked for no byte behind them", async (size) => {
    const target = `${scratch}/whole.img`;
    let end = 0;
    const readAt = (into: Uint8Array, offset: number) => {
      end = Math.max(end, offset + into.length);
      return into.length;
    };
    for (const build of [buildErofs, buildSquashfs]) {
      await build(contentsOf(size, readAt), target);
      expect(end).toBe(size);
    }
  });

  test.each([-1, Number.NaN, 1e9])("claim to have read %d bytes are an error", async (count) => {
    await expectFault(
      buildErofs(
        contentsOf(5000, () => count),
        image,
      ),
      "CHANGED",
      path,
    );
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])("claim a size of %d bytes are an error", async (size) => {
    await expectFault(
      buildErofs(
        contentsOf(size, () => 0),
        image,
      ),
      "INPUT",
      path,
    );
  });

  test("come in small portions are put together", async () => {
    const bytes = Buffer.alloc(300_000, "portion");
    const readAt = (into: Uint8Array, offset: number) =>
      bytes.copy(into, 0, offset, offset + Math.min(into.length, 777));
    const whole = await buildErofs(entries([{ path: "a", contents: bytes }]), image);
    const inPortions = await buildErofs(
      entries([{ path: "a", contents: { size: bytes.length, readAt } }]),
      `${image}2`,
    );
    expect(spawnSync("cmp", [image, `${image}2`]).status).toBe(0);
    expect(inPortions.bytes).toBe(whole.bytes);
  });

  test("throw leave the target untouched", async () => {
    const failure = new Error("the network is down");
    await expect(
      buildErofs(
        contentsOf(5000, () => Promise.reject(failure)),
        image,
      ),
    ).rejects.toThrow(failure.message);
    expectUntouched();
  });

  // Was a bug: what readAt throws goes through as it is: no ImageError, and nothing says which entry it was.
  test("throw are an error that names the entry", async () => {
    const failure = new Error("the network is down");
    const readAt = () => Promise.reject(failure);
    await expectFault(buildErofs(contentsOf(5000, readAt), image), "IO", path, failure.message);
  });
});
