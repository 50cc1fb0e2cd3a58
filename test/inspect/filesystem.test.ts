/** Images of both formats by paths: openImage() and what it gives. */
import { closeSync, openSync, writeFileSync } from "node:fs";
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
      await other.close();
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

/** What every call of an image gives that is given a path. */
const CALLS: Record<string, (image: Image, path: never) => Promise<unknown>> = {
  stat: (image, path) => image.stat(path),
  readdir: (image, path) => image.readdir(path),
  readlink: (image, path) => image.readlink(path),
  readlinkBytes: (image, path) => image.readlinkBytes(path),
  read: (image, path) => image.read(path),
  xattrs: (image, path) => image.xattrs(path),
  stream: (image, path) => image.stream(path).getReader().read(),
  walk: (image, path) => image.walk(path).next(),
};

describe("what is asked for wrongly rejects, and names the argument", () => {
  let image: Image;
  beforeAll(async () => {
    image = await openImage(await make("erofs, plain"));
  });

  test.each(Object.entries(CALLS))("%s() of what is no path", async (_, call) => {
    for (const [path, shown] of [
      [5, "5"],
      [null, "null"],
      [{}, "{}"],
    ] as const) {
      const message = `path: ${shown} is neither a string nor a Uint8Array`;
      await expect(call(image, path as never)).rejects.toMatchObject({ name: "ImageError", code: "INPUT", message });
    }
  });

  test("stat() without a path", async () => {
    const message = "path: undefined is neither a string nor a Uint8Array";
    await expect(image.stat(undefined as never)).rejects.toMatchObject({ name: "ImageError", code: "INPUT", message });
  });

  test.each<[unknown[], string]>([
    [[-1], "offset: -1 is"],
    [[Number.POSITIVE_INFINITY], "offset: Infinity is"],
    [[1.5], "offset: 1.5 is"],
    [[1n], "offset: 1n is"],
    [[0, -1], "length: -1 is"],
    [[0, Number.NaN], "length: NaN is"],
    [[0, null], "length: null is"],
    [["0"], 'offset: "0" is'],
  ])("read() of the range %o", async (range, message) => {
    const [offset, length] = range as [number, number];
    const reading = image.read("empty", offset, length);
    await expect(reading).rejects.toMatchObject({
      ...{ name: "ImageError", code: "INPUT", message: `${message} no number of bytes` },
    });
  });

  test("openImage() of a path or URL of no file", async () => {
    for (const [path, message] of [
      ["", 'openImage(): "" is no path'],
      ["no\0such", 'openImage(): "no\\u0000such" is no path'],
      [new URL("file:///no%00such"), 'openImage(): "/no\\u0000such" is no path'],
      [new URL("file:///a%2fb"), "file:///a%2fb: is the URL of no file of this machine"],
    ] as const) {
      await expect(openImage(path)).rejects.toMatchObject({ name: "ImageError", code: "INPUT", message });
    }
    const bytes = await make("erofs, plain");
    const message = 'devices[1]: "" is no path';
    await expect(openImage(bytes, { devices: [bytes, ""] })).rejects.toMatchObject({ code: "INPUT", message });
  });
});

describe("an image that has been closed", () => {
  const path = `${scratch}/closed.img`;
  const closed = { name: "ImageError", code: "INPUT", message: `${path}: has been closed`, path };

  // its contents come in many pieces
  beforeAll(async () => writeFileSync(path, await make("erofs, lz4")));

  test.each(Object.entries(CALLS))("rejects %s() by its name, whatever is known of it", async (_, call) => {
    const image = await openImage(path);
    await call(image, "bin/sh" as never).catch(() => undefined);
    const closing = image.close();
    // before its file is closed, and after
    await expect(call(image, "bin/sh" as never)).rejects.toMatchObject(closed);
    await closing;
    await expect(call(image, "bin/sh" as never)).rejects.toMatchObject(closed);
  });

  test("rejects all calls by one error, also where it was in no file", async () => {
    const image = await openImage(await make("erofs, plain"));
    await image.close();
    const error = { name: "ImageError", code: "INPUT", message: "the image has been closed" };
    await expect(image.stat("")).rejects.toMatchObject(error);
  });

  test("has done what was asked for before, and is closed behind that", async () => {
    const image = await openImage(path);
    const reading = [image.read("bin/busybox"), image.read("bin/busybox")];
    const closing = image.close();
    for (const whole of await Promise.all(reading)) expect(LARGE.equals(whole)).toBe(true);
    await closing;
    // a second time closes no other file that has its number by now
    const other = openSync(path, "r");
    await image.close();
    expect(() => closeSync(other)).not.toThrow();
  });

  test("gives nothing of a file that has its number now", async () => {
    const secret = `${scratch}/secret`;
    writeFileSync(secret, Buffer.alloc(1 << 20, "SECRET "));
    const image = await openImage(path);
    const stream = image.stream("bin/busybox").getReader();
    const walk = image.walk();
    expect((await walk.next()).value?.path).toBe("");
    const parts = [(await stream.read()).value!];
    await image.close();
    const descriptor = openSync(secret, "r");
    await expect(image.read("bin/busybox")).rejects.toMatchObject(closed);
    await expect(walk.next()).rejects.toMatchObject(closed);
    const drain = async () => {
      for (let next = await stream.read(); !next.done; next = await stream.read()) parts.push(next.value);
    };
    await expect(drain()).rejects.toMatchObject(closed);
    // what had been read before it was closed is still given
    const read = Buffer.concat(parts);
    expect(LARGE.subarray(0, read.length).equals(read)).toBe(true);
    expect(read.length).toBeLessThan(LARGE.length);
    closeSync(descriptor);
  });

  test("lets its streams be cancelled", async () => {
    const image = await openImage(path);
    const stream = image.stream("bin/busybox").getReader();
    await stream.read();
    await image.close();
    await expect(stream.cancel().then(() => "cancelled")).resolves.toBe("cancelled");
  });
});
