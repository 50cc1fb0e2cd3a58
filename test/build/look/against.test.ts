/** What differs between an image and a source, and what may. */
import { beforeAll, describe, expect, test } from "vitest";
import { compareAgainst } from "../../../dist/build/compare/against.js";
import { buildErofs, buildSquashfs, type Entry, entries } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("against");
const BYTES = noise(5, 200_000);
const TREE: Entry[] = [
  { path: "", kind: "directory", mode: 0o755 },
  { path: "d/file", contents: BYTES, mode: 0o644, uid: 1, gid: 2, mtime: { sec: 9, nsec: 5 } },
  { path: "d/more", contents: "12345" },
  { path: "link", kind: "symlink", target: "d" },
  { path: "tty", kind: "char", major: 5, minor: 0 },
  { path: "with", contents: "", xattrs: { "user.a": Buffer.from("1"), "system.posix_acl_access": Buffer.from("acl") } },
];
/** The same with one entry changed, taken out or put in. */
const changed = (path: string, change: Partial<Entry> | undefined): Entry[] => {
  if (!TREE.some((entry) => entry.path === path)) return [...TREE, { path, ...change }];
  return TREE.flatMap((entry) => (entry.path !== path ? [entry] : change ? [{ ...entry, ...change }] : []));
};
const flipped = Buffer.from(BYTES);
flipped[150_000]! ^= 1;

describe.each(["erofs", "squashfs"] as const)("%s", (format) => {
  const image = `${scratch}/${format}`;
  const isSquashfs = format === "squashfs";
  beforeAll(async () => {
    if (isSquashfs)
      await buildSquashfs(
        entries(TREE.slice(0, -1).concat({ path: "with", xattrs: { "user.a": Buffer.from("1") } })),
        image,
      );
    else await buildErofs(entries(TREE), image, { compress: "lz4" });
  });
  const compare = async (tree: Entry[], ...ignored: string[]) => {
    const place = { path: image, offset: 0, devices: [] };
    const { findings } = await compareAgainst(place, isSquashfs, entries(tree), { ignored: ignored as never });
    return findings.map(({ path, message }) => `${path}: ${message}`);
  };

  test("what is the same differs in nothing, and what the format cannot hold is no difference", async () => {
    expect(await compare(TREE)).toEqual([]);
  });

  test.each([
    ["d/file", { contents: flipped }, ["/d/file: its contents are not those of the source"]],
    ["d/more", { contents: "123456" }, ["/d/more: its size is 5 in the image, and 6 in the source"]],
    ["d/file", { mode: 0o600 }, ["/d/file: its mode is 644 in the image, and 600 in the source"]],
    ["d/file", { uid: 7 }, ["/d/file: its uid is 1 in the image, and 7 in the source"]],
    ["d/file", { gid: 7 }, ["/d/file: its gid is 2 in the image, and 7 in the source"]],
    ["d/file", { mtime: { sec: 8, nsec: 5 } }, ["/d/file: its time is 9 in the image, and 8 in the source"]],
    ["link", { target: "e" }, ["/link: leads to d in the image, and to e in the source"]],
    ["tty", { minor: 1 }, ["/tty: its device number is 1280 in the image, and 1281 in the source"]],
    [
      "with",
      { xattrs: { "user.a": Buffer.from("2") } },
      ["/with: its attribute user.a has another value in the image"],
    ],
    [
      "with",
      { xattrs: { "user.b": Buffer.from("1") } },
      ["/with: its attribute user.a is not in the source", "/with: its attribute user.b is not in the image"],
    ],
    ["tty", { kind: "block" }, ["/tty: is a char in the image, and a block in the source"]],
    ["d/more", undefined, ["/d/more: is not in the source"]],
    ["d/extra", { contents: "" }, ["/d/extra: is not in the image"]],
    ["zz", { kind: "symlink", target: "x" }, ["/zz: is not in the image"]],
    [
      "d/zz",
      { kind: "hardlink", target: "d/more" },
      ["/d/more: its link count is 1 in the image, and 2 in the source", "/d/zz: is not in the image"],
    ],
  ] as [string, Partial<Entry> | undefined, string[]][])("%s changed to %j is told", async (path, change, expected) => {
    const found = await compare(changed(path, change), ...(path === "with" ? [] : ["xattr"]));
    const acl = "/with: its attribute system.posix_acl_access";
    expect(found.filter((line) => !line.startsWith(acl)).toSorted()).toEqual(expected.toSorted());
  });

  test("fractions of seconds are told where there are some", async () => {
    const tree = changed("d/file", { mtime: { sec: 9, nsec: 6 } });
    expect(await compare(tree)).toHaveLength(isSquashfs ? 0 : 1);
    expect(await compare(tree, "ns")).toEqual([]);
  });

  test("what is not to be compared is not", async () => {
    const change: Partial<Entry> = { mode: 0o600, uid: 9, gid: 9, mtime: 1, xattrs: { "user.z": Buffer.from("1") } };
    expect(await compare(changed("d/file", change), "mode", "owner", "mtime", "xattr")).toEqual([]);
    const linked = changed("d/zz", { kind: "hardlink", target: "d/more" });
    expect(await compare(linked, "nlink")).toEqual(["/d/zz: is not in the image"]);
  });
});
