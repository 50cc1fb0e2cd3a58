/** Sources as another user or Linux itself has them: closed files, and links that say nothing of their size. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildErofs, directory } from "../../../dist/index.js";
import { canBecomeNobody, NOBODY, runInChild } from "../../helpers/child.ts";
import { makeFaultBench } from "../../helpers/faults.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";

const { source, image, expectUntouched } = makeFaultBench("faults-source-kernel");
const nobody = oracle("another user (root, setpriv)", canBecomeNobody());

describe.skipIf(!nobody)("what cannot be read is an error:", () => {
  const expectRefused = (path: string, workers: number) => {
    const body =
      "return (await api.buildErofs(api.directory(args.source), args.image, { workers: args.workers })).bytes";
    const { error } = runInChild(body, { source, image, workers }, { id: NOBODY });
    const message = `${path}: permission denied`;
    expect(error).toMatchObject({ isImageError: true, code: "IO", path, message });
    expectUntouched();
  };

  test.each([0, 100, 8192, 300_000])("a file of %i bytes", (size) => {
    const path = `${source}/closed`;
    writeFileSync(path, Buffer.alloc(size, "x"), { mode: 0o600 });
    writeFileSync(`${source}/open`, Buffer.alloc(size, "y"));
    for (const workers of [1, 2]) expectRefused(path, workers);
  });

  test("a directory that cannot be listed, or that cannot be entered", () => {
    const path = `${source}/closed`;
    mkdirSync(path);
    writeFileSync(`${path}/inside`, "");
    chmodSync(path, 0o711);
    expectRefused(path, 1);
    chmodSync(path, 0o744);
    expectRefused(`${path}/inside`, 1);
  });

  test("the top itself", () => {
    chmodSync(source, 0o700);
    expectRefused(source, 1);
  });
});

test.skipIf(!oracle("kernel EROFS mount", canMountErofs()))("links in /proc keep their whole targets", async () => {
  await buildErofs(directory("/proc/self/ns"), image);
  await withMount(image, (at) => {
    const names = readdirSync("/proc/self/ns");
    expect(readdirSync(at)).toEqual(names);
    for (const name of names) {
      // stat(2) gives them no size
      const target = readlinkSync(`/proc/self/ns/${name}`);
      expect(readlinkSync(`${at}/${name}`)).toBe(target);
      expect(lstatSync(`${at}/${name}`).size).toBe(target.length);
    }
  });
});
