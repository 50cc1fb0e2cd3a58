/** Fingerprints of files (`--xattr-inode-digest`): what they say, and that there is one of every file with contents. */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, entries, parseSortFile } from "../../../dist/index.js";
import { runShell } from "../../helpers/commands.ts";
import { dumpLines } from "../../helpers/dump.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";

const erofs = oracle("kernel EROFS mount", canMountErofs()) && oracle("getfattr", hasCommand("getfattr"));
const scratch = makeScratch("fingerprints");
const tree = `${scratch}/tree`;
const image = `${scratch}/image`;
/** In a namespace, so that Linux lists them. */
const NAME = "user.fingerprint";

beforeAll(() => {
  mkdirSync(`${tree}/sub`, { recursive: true });
  writeFileSync(`${tree}/small`, "small\n");
  writeFileSync(`${tree}/sub/block`, noise(1, 4096));
  writeFileSync(`${tree}/sub/end`, noise(2, 9000));
  writeFileSync(`${tree}/empty`, "");
  writeFileSync(`${tree}/large`, noise(3, 300_000));
  // more than one thread's part
  writeFileSync(`${tree}/parts`, "many parts\n".repeat(1_700_000));
  writeFileSync(`${tree}/holes`, "");
  truncateSync(`${tree}/holes`, 3_000_000);
  writeFileSync(`${tree}/holes`, "behind a hole", { flag: "r+", encoding: "utf8" });
  truncateSync(`${tree}/holes`, 3_000_001);
  for (const name of ["sub/end", "large", "small"]) {
    copyFileSync(`${tree}/${name}`, `${tree}/twin-of-${name.replace("/", "-")}`);
    linkSync(`${tree}/${name}`, `${tree}/link-to-${name.replace("/", "-")}`);
  }
});

/** SHA-256 by path of all files that are not empty. */
function digests(): Record<string, string> {
  const files = readdirSync(tree, { recursive: true, encoding: "utf8" }).filter((path) => {
    const stats = statSync(`${tree}/${path}`);
    return stats.isFile() && stats.size > 0;
  });
  const digest = (path: string) =>
    createHash("sha256")
      .update(readFileSync(`${tree}/${path}`))
      .digest("hex");
  return Object.fromEntries(files.sort().map((path) => [path, digest(path)]));
}

/** What the attributes under the name say, by path. */
function fingerprints(at: string): Record<string, string> {
  const { out } = runShell(at, `getfattr -h -R -d -m ^${NAME}$ --absolute-names -e hex .`);
  const algorithm = Buffer.from("sha256:").toString("hex");
  const found = out.matchAll(new RegExp(`^# file: \\./(.*)\\n${NAME}=0x${algorithm}([0-9a-f]{64})$`, "gm"));
  return Object.fromEntries([...found].map(([, path, digest]) => [path!, digest!] as const).sort());
}

const FORMS: [string, BuildOptions][] = [
  ["plain", {}],
  ["plain, one thread", { workers: 1 }],
  ["plain, no files shared", { dedupe: "none" }],
  ["plain, in chunks", { chunkSize: 65_536 }],
  ["plain, with a sort file", { sort: parseSortFile(Buffer.from("5 large\n-3 [glob] *end\n")) }],
  ["plain, hard links as files", { hardLinks: "copy" }],
  ["plain, other attributes left out", { xattrTolerance: -1 }],
  ["plain, blocks of 512 bytes", { blockSize: 512 }],
  ["lz4", { compress: "lz4" }],
  ["lz4, one thread", { compress: "lz4", workers: 1 }],
  ["zstd, fragments", { compress: "zstd", fragments: "tails", tailPacking: true }],
  ["zstd, all fragments, -Ededupe", { compress: "zstd", fragments: "all", dedupeExtents: true }],
  [
    "lz4, large pclusters, a sort file",
    { compress: "lz4", pclusterSize: 65_536, sort: parseSortFile(Buffer.from("5 parts\n")) },
  ],
];

describe.skipIf(!erofs)("a fingerprint", () => {
  test.each(FORMS)("is the SHA-256 of a file, and one without contents has none: %s", async (_, options) => {
    const report = await buildErofs(directory(tree), image, { ...options, fingerprints: NAME });
    expect(await withMount(image, fingerprints)).toEqual(digests());
    expect(report.features).toContain("ishare_xattrs");
    expect(["6.4", "6.10"]).toContain(report.minimumKernel);
  });

  test("is of files of a closure too, and of its registration", async () => {
    const paths = [`${tree}/sub`, `${tree}/small`];
    await buildErofs(paths, image, { fingerprints: NAME });
    const wanted = Object.entries(digests()).filter(([path]) => /^(sub\/|small$)/.test(path));
    expect(await withMount(image, fingerprints)).toEqual(Object.fromEntries(wanted));
    const path = `${scratch}/nix/store/0123456789abcdfghijklmnpqrsvwxyz-package`;
    mkdirSync(path, { recursive: true });
    writeFileSync(`${path}/file`, "text");
    await buildErofs([path], image, { fingerprints: NAME, registration: true, scanReferences: true });
    const [found, registration] = await withMount(image, (at) => [
      fingerprints(at),
      readFileSync(`${at}/nix-path-registration`),
    ]);
    expect(Object.keys(found)).toEqual(["0123456789abcdfghijklmnpqrsvwxyz-package/file", "nix-path-registration"]);
    expect(found["nix-path-registration"]).toBe(createHash("sha256").update(registration).digest("hex"));
  });

  test("stands beside other attributes, and in place of one of its name", async () => {
    const text = (value: string) => new TextEncoder().encode(value);
    const xattrs = { [NAME]: text("mine"), "user.fingerprint.more": text("more"), "user.a": text("a") };
    const files = Array.from({ length: 5 }, (_, file) => ({ path: `file-${file}`, contents: `${file}`, xattrs }));
    const source = entries([...files, { path: "empty", contents: "", xattrs }]);
    await buildErofs(source, image, { fingerprints: NAME, xattrPrefixes: ["user.f"] });
    const listed = await withMount(image, (at) => runShell(at, "getfattr -d -m - --absolute-names file-3 empty").out);
    const others = 'user.a="a"\nuser.fingerprint.more="more"';
    expect(listed.replace(/0s\S+/, "DIGEST").split("\n").sort().join("\n").trim()).toBe(
      [
        "# file: empty",
        "# file: file-3",
        ...others.split("\n"),
        ...others.split("\n"),
        `${NAME}="mine"`,
        `${NAME}=DIGEST`,
      ]
        .sort()
        .join("\n"),
    );
  });

  test("in no namespace is there, and is not listed", async () => {
    await buildErofs(directory(tree), image, { fingerprints: true });
    const shown = await withMount(image, (at) => runShell(at, "getfattr -R -d -m - --absolute-names ."));
    expect(shown.out).toBe("");
    const bytes = readFileSync(image);
    for (const digest of Object.values(digests())) {
      expect(bytes.includes(Buffer.concat([Buffer.from("sha256:"), Buffer.from(digest, "hex")]))).toBe(true);
    }
    const lines = (await dumpLines(bytes)).join("\n");
    expect(lines).toContain("long prefix 0: erofs.fingerprint.v1");
    expect(lines).toContain("feature_compat=0x37");
  });
});

test("images are the same whatever the number of threads, and the UUID tells of fingerprints", async () => {
  const build = async (options: BuildOptions) => {
    await buildErofs(directory(tree), image, options);
    return createHash("sha256").update(readFileSync(image)).digest("hex");
  };
  for (const options of [{}, { compress: "lz4", fragments: "tails" }] as const) {
    const hashes = new Set<string>();
    for (const workers of [1, 2, 3]) hashes.add(await build({ ...options, workers, fingerprints: true }));
    expect(hashes.size).toBe(1);
    hashes.add(await build({ ...options, fingerprints: "user.x" }));
    hashes.add(await build(options));
    expect(hashes.size).toBe(3);
  }
});

test("the superblock says which prefix is theirs, also where no file has one", async () => {
  await buildErofs(entries([]), image, { fingerprints: "trusted.digest", xattrPrefixes: ["user.a", "user.b"] });
  const lines = (await dumpLines(readFileSync(image))).join("\n");
  expect(lines).toMatch(/xattr_prefix_count=3 .*ishare_xattr_prefix_id=2 /);
  expect(lines).toContain("long prefix 2: trusted.digest");
});

test.each([
  [{ fingerprints: "" }, 'fingerprints: "" is no name of an attribute'],
  [{ fingerprints: "x".repeat(256) }, "is no name of an attribute: it has 1 to 255 bytes"],
  [{ fingerprints: "a\0b" }, "is no name of an attribute"],
  [{ fingerprints: true, xattrPrefixes: Array<string>(128).fill("user.a") }, "one more prefix; EROFS holds 128"],
  [{ fingerprints: true, targetKernel: "6.3" }, "targetKernel: Linux 6.3 does not read"],
] as [BuildOptions, string][])("%j is refused", async (options, message) => {
  await expect(buildErofs(entries([]), image, options)).rejects.toThrow(message);
});
