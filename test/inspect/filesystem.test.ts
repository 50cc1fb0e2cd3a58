/** Images of both formats by paths: openImage() and what it gives. */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type ByteSource,
  buildErofs,
  buildSquashfs,
  type Entry,
  entries,
  type Image,
  openImage,
  type Sink,
} from "../../dist/index.js";
import { makeScratch } from "../helpers/scratch.ts";
import { noise } from "../helpers/trees/noise.ts";

const scratch = makeScratch("filesystem");
const LARGE = Buffer.concat([noise(1, 300_000), Buffer.alloc(200_000), noise(2, 70_001)]);
const ODD = Buffer.from("caf\xe9", "latin1");
const TREE: Entry[] = [
  { path: "", kind: "directory", mode: 0o755 },
  { path: "etc/hostname", contents: "box\n", mode: 0o644, uid: 3, gid: 4, mtime: { sec: 5, nsec: 600 } },
  { path: "etc/copy", kind: "hardlink", target: "etc/hostname" },
  { path: "bin/sh", kind: "symlink", target: "busybox" },
  { path: "bin/busybox", contents: LARGE, mode: 0o4755, xattrs: { "user.a": Buffer.from("1") } },
  { path: "lib", kind: "symlink", target: "/bin" },
  { path: "up", kind: "symlink", target: "../../../etc/./hostname" },
  { path: "loop", kind: "symlink", target: "loop" },
  { path: "dev/null", kind: "char", major: 1, minor: 3 },
  { path: ODD, contents: "x" },
  { path: "empty", contents: "" },
];

class Memory implements Sink {
  bytes = Buffer.alloc(0);
  writeAt(bytes: Uint8Array, offset: number): void {
    this.bytes.set(bytes, offset);
  }
  truncate(length: number): void {
    this.bytes = Buffer.alloc(length);
  }
  close(): void {}
}

const MAKERS = {
  "erofs, plain": (out: Sink) => buildErofs(entries(TREE), out),
  "erofs, lz4": (out: Sink) =>
    buildErofs(entries(TREE), out, { compress: "lz4", fragments: "all", tailPacking: true, pclusterSize: 65536 }),
  "squashfs, gzip": (out: Sink) => buildSquashfs(entries(TREE), out, { compressor: "gzip" }),
};

async function make(name: keyof typeof MAKERS): Promise<Buffer> {
  const out = new Memory();
  await MAKERS[name](out);
  return out.bytes;
}

describe.each(Object.keys(MAKERS) as (keyof typeof MAKERS)[])("%s", (name) => {
  let bytes: Buffer;
  let image: Image;
  beforeAll(async () => {
    bytes = await make(name);
    image = await openImage(bytes);
  });

  test("tells what an entry is, and of a link that it is one", async () => {
    const isErofs = image.format === "erofs";
    expect(await image.stat("etc/hostname")).toMatchObject({
      ...{ kind: "file", mode: 0o644, uid: 3, gid: 4, nlink: 2, size: 4 },
      mtime: { sec: 5, nsec: isErofs ? 600 : 0 },
      device: undefined,
    });
    expect((await image.stat("etc/copy")).id).toBe((await image.stat("/etc//hostname/")).id);
    expect(await image.stat("lib")).toMatchObject({ kind: "symlink", size: 4 });
    expect(await image.stat("dev/null")).toMatchObject({ kind: "char", device: { major: 1, minor: 3 } });
    expect(await image.stat("")).toMatchObject({ kind: "directory", mode: 0o755 });
  });

  test("follows links on the way, within the image", async () => {
    expect(Buffer.from(await image.read("up")).toString()).toBe("box\n");
    expect((await image.stat("lib/../etc/hostname")).size).toBe(4);
    expect((await image.readdir("lib")).map((entry) => entry.name)).toEqual(["busybox", "sh"]);
    expect(await image.readlink("lib/sh")).toBe("busybox");
    await expect(image.read("loop")).rejects.toThrow("loop: leads through too many links");
  });

  test("reads contents at any place, in pieces, and many at once", async () => {
    const whole = await Promise.all([1, 2, 3].map(() => image.read("bin/busybox")));
    for (const each of whole) expect(LARGE.equals(each)).toBe(true);
    expect(LARGE.subarray(299_990, 300_010).equals(await image.read("lib/sh", 299_990, 20))).toBe(true);
    expect(await image.read("bin/busybox", LARGE.length, 5)).toHaveLength(0);
    expect(await image.read("empty")).toHaveLength(0);
    const parts: Uint8Array[] = [];
    for await (const part of image.stream("bin/busybox")) parts.push(part);
    expect(LARGE.equals(Buffer.concat(parts))).toBe(true);
    await expect(image.stream("nowhere").getReader().read()).rejects.toThrow("nowhere: is not in the image");
  });

  test("lists directories, walks, and tells attributes", async () => {
    const names = await image.readdir("/");
    expect(names.find((entry) => ODD.equals(entry.nameBytes))?.name).toBe("caf\\xe9");
    const paths: string[] = [];
    for await (const { path } of image.walk()) paths.push(path);
    expect(paths).toHaveLength(14);
    expect(paths.indexOf("bin")).toBeLessThan(paths.indexOf("bin/busybox"));
    const below: string[] = [];
    for await (const { path } of image.walk("lib")) below.push(path);
    expect(below).toEqual(["bin", "bin/busybox", "bin/sh"]);
    expect(await image.xattrs("bin/busybox")).toEqual([["user.a", new Uint8Array([0x31])]]);
    expect(await image.xattrs("empty")).toEqual([]);
  });

  test("refuses what is not there, or something else", async () => {
    for (const [work, message] of [
      [image.stat("etc/none"), "etc/none: is not in the image"],
      [image.stat("etc/hostname/x"), "etc/hostname/x: leads through what is no directory"],
      [image.readdir("empty"), "empty: is no directory"],
      [image.readlink("empty"), "empty: is no symbolic link"],
      [image.read("etc"), "etc: is no file"],
    ] as const) {
      await expect(work).rejects.toMatchObject({ name: "ImageError", code: "INPUT", message });
    }
    expect(() => image.read("empty", -1)).toThrow("offset: -1 is no number of bytes");
  });

  test("is the same from a file, a URL, a Blob and what reads at offsets, behind other bytes too", async () => {
    const path = `${scratch}/image`;
    writeFileSync(path, Buffer.concat([Buffer.alloc(512, 7), bytes]));
    const whole = Buffer.concat([Buffer.alloc(512, 7), bytes]);
    const source: ByteSource = {
      size: whole.length,
      // in parts, and late
      readAt: async (into, offset) => whole.copy(into, 0, offset, offset + Math.min(into.length, 1000)),
    };
    for (const from of [path, pathToFileURL(path), new Blob([whole]), source]) {
      const other = await openImage(from, { offset: 512 });
      expect(Buffer.from(await other.read("etc/copy")).toString()).toBe("box\n");
      other.close();
    }
    await expect(openImage(path)).rejects.toMatchObject({ code: "DAMAGED" });
  });
});

test("what is no image is said to be none", async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(1 << 16), Buffer.from("hsqs")]) {
    await expect(openImage(bytes)).rejects.toMatchObject({ code: "DAMAGED" });
  }
  await expect(openImage(`${scratch}/none`)).rejects.toMatchObject({ code: "IO", path: `${scratch}/none` });
  await expect(openImage(scratch)).rejects.toMatchObject({ code: "INPUT" });
  await expect(openImage(5 as never)).rejects.toThrow("5 is no image");
  await expect(openImage(Buffer.alloc(9), { offset: 10 })).rejects.toThrow("offset: there are 9 bytes");
  await expect(openImage(Buffer.alloc(9), { ofset: 1 } as never)).rejects.toThrow("ofset");
});
