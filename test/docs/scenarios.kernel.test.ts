/**
 * The lines of docs/scenarios: a shell runs each as it stands there, with `ts-` before a program's name and nothing else
 * changed, and Linux mounts what comes of it. Closures are of a real store.
 */
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { type CommandName, commandWords, runShell, SILENT } from "../helpers/commands.ts";
import { type CompareOptions, compareTrees, type ExpectedMeta } from "../helpers/compare/compare.ts";
import { wholeSeconds } from "../helpers/compare/times.ts";
import { canMountErofs, canMountSquashfs, type MountOptions, withLoop, withMount } from "../helpers/mount.ts";
import { askSystemNix, type BuiltClosure, buildClosure, canBuildWithNix } from "../helpers/nix/store.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { makeRandomTree } from "../helpers/trees/random-tree.ts";

const scratch = makeScratch("docs-scenarios");
const work = `${scratch}/work`;
const closureInfo = `${scratch}/closure-info`;
const mounts = oracle("kernel EROFS mount", canMountErofs()) && oracle("kernel SquashFS mount", canMountSquashfs());
const hasNix = canBuildWithNix();
const hasVerity = oracle("veritysetup", hasCommand("veritysetup"));
const PAGES = readdirSync(new URL("../../docs/scenarios/", import.meta.url));
const OURS: Record<string, string> = {
  "mkfs.erofs": "ts-mkerofs",
  mksquashfs: "ts-mksquashfs",
  gensquashfs: "ts-gensquashfs",
};

const UUID = "eb176051-bd15-49b7-9e6b-462e0b467019";

/** Which of a page's lines were run. */
const ran = new Map<string, Set<number>>();
let images = 0;
let closure: BuiltClosure;

function textOf(page: string): string {
  return readFileSync(new URL(`../../docs/scenarios/${page}`, import.meta.url), "utf8");
}

function linesOf(page: string): string[] {
  return [...textOf(page).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
}

/** What `ts-imagefs info` says of an image. */
function infoOf(image: string, offset = 0): Record<string, unknown> {
  const { out } = runShell(scratch, `bin/ts-imagefs info --json --offset=${offset} ${image}`);
  return JSON.parse(out) as Record<string, unknown>;
}

/**
 * Runs the lines of one example of a page, the first is 0; gives the image.
 *
 * @param warned what is warned of
 */
function run(page: string, index: number, warned = /^$/): string {
  const lines = linesOf(page)[index]!.replace(
    /(?<![\w-])(?:mkfs\.erofs|mksquashfs|gensquashfs)\b/g,
    (name) => OURS[name]!,
  );
  ran.set(page, (ran.get(page) ?? new Set()).add(index));
  const image = `${scratch}/image-${images++}`;
  const known = {
    closureInfo,
    out: image,
    top: closure?.top ?? "",
    uuid: UUID,
    NIX_BUILD_CORES: "2",
    // as in nixpkgs' derivations
    SOURCE_DATE_EPOCH: page === "installer.md" ? "1" : "",
  };
  const variables = Object.entries(known).map(([name, value]) => `export ${name}='${value}'\n`);
  writeFileSync(`${scratch}/lines`, `PATH="${scratch}/bin:$PATH"\n${variables.join("")}${lines}`);
  // of a pipe every end counts
  const { status, err } = runShell(work, `bash -euo pipefail "${scratch}/lines"`);
  expect({ status, err }).toEqual({ status: 0, err: expect.stringMatching(warned) });
  return image;
}

/** What of a tree, or of the closure, the image does not show. */
function differences(
  image: string,
  tree: string,
  expected: CompareOptions,
  mount: MountOptions & { below?: string } = {},
): Promise<string[]> {
  return withMount(image, (at) => compareTrees(tree, `${at}${mount.below ?? ""}`, expected), mount);
}

/** The hash tree beside an image, and its root, are what veritysetup says. */
function expectSealed(image: string): void {
  const root = readFileSync(`${image}.root`, "utf8").trim();
  expect(runShell(scratch, `veritysetup verify ${image} ${image}.verity ${root}`)).toMatchObject({ status: 0 });
}

const SQUASHFS = { type: "squashfs" } as const;
const ROOTS = { uid: 0, gid: 0 };
const atTime = (sec: number) => ({ ...ROOTS, time: { sec, nsec: 0 } });
const ofClosure = (sec: number) => ({ ...atTime(sec), roots: closure.paths, hardLinks: "copy" as const });

/** That of Nix's builders, who may add paths. */
function groupOfStore(meta: ExpectedMeta): void {
  if (meta.path === "") [meta.mode, meta.gid] = [0o1775, 30_000];
}

/** An extended expression for what begins with none of these words, as long as none begins with another. */
function expressionOfOthers(words: readonly string[]): string {
  const firsts = [...new Set(words.map(([first]) => first!))];
  const others = firsts.map((first) => {
    const rests = words.filter((word) => word.startsWith(first)).map((word) => word.slice(1));
    return rests.includes("") ? "" : `|${first}${expressionOfOthers(rests)}`;
  });
  return `([^${firsts.join("")}]${others.join("")})`;
}

beforeAll(() => {
  for (const folder of ["bin", "work", "closure-info"]) mkdirSync(`${scratch}/${folder}`);
  for (const name of ["mkerofs", "mksquashfs", "gensquashfs", "imagefs"] satisfies CommandName[])
    writeFileSync(`${scratch}/bin/ts-${name}`, `#!/bin/sh\nexec ${commandWords(name)} "$@"\n`, { mode: 0o755 });
  for (const [index, tree] of ["AppDir", "snapdir", "root", "layer"].entries())
    makeRandomTree(`${work}/${tree}`, index, 60);
  writeFileSync(`${work}/pseudofile`, "/lib-added d 755 0 0\n/lib-added/null c 666 0 0 1 3\n");
  writeFileSync(`${work}/root/first`, "first\n");
  writeFileSync(`${work}/sortfile`, "first 100\n");
  expect(
    runShell(work, "tar -c --format=posix --pax-option=delete=atime,delete=ctime -C layer -f layer.tar ."),
  ).toMatchObject({ status: 0 });
  writeFileSync(`${work}/layer.tar.gz`, gzipSync(readFileSync(`${work}/layer.tar`)));
  if (!hasNix) return;
  closure = buildClosure(scratch);
  writeFileSync(`${closureInfo}/store-paths`, `${closure.paths.join("\n")}\n`);
  writeFileSync(`${closureInfo}/registration`, askSystemNix("nix-store", "--dump-db", ...closure.paths));
  writeFileSync(`${closureInfo}/total-nar-size`, "1");
  // in the place of nixpkgs' script of that name
  const names = closure.paths.map((path) => path.replace("/nix/store/", "").slice(0, 10));
  const expression = `^${expressionOfOthers(names)}`;
  writeFileSync(
    `${scratch}/bin/includes-to-excludes`,
    `#!/bin/sh\n[ "$(wc -l)" = ${names.length} ] && echo '${expression}'\n`,
    { mode: 0o755 },
  );
  copyFileSync(`${closureInfo}/registration`, `${work}/nix-path-registration`);
  expect(runShell(work, `mkdir store && cp -a ${closure.paths.join(" ")} store/`)).toMatchObject({ status: 0 });
  // hard links, and all that no store holds
  makeRandomTree(`${work}/store/other`, 9, 60);
});

describe.skipIf(!mounts || !hasNix)("closures of a store", () => {
  test("nixos-vm.md", async () => {
    const [regex, tar, list, ready] = [0, 1, 2, 3].map((index) => run("nixos-vm.md", index));
    for (const image of [regex!, tar!, list!]) {
      expect(await differences(image, "", ofClosure(0))).toEqual([]);
      expect(infoOf(image)).toMatchObject({ label: "nix-store", uuid: UUID });
    }
    expect(readFileSync(tar!).equals(readFileSync(list!))).toBe(true);
    const builders = { ...ofClosure(0), adjust: groupOfStore };
    expect(await differences(ready!, "", builders, { below: "/nix/store" })).toEqual([]);
    expect(await withMount(ready!, (at) => statSync(`${at}/nix/var/nix/db/db.sqlite`).size)).toBeGreaterThan(0);
  });

  test("microvm.md", async () => {
    const lz4hc = { algorithms: ["lz4"], label: "nix-store", features: expect.arrayContaining(["fragments"]) };
    for (const [index, shown] of [lz4hc, { algorithms: ["zstd"] }].entries()) {
      const [here, there] = [run("microvm.md", index), run("microvm.md", index + 2)];
      const mount = index === 1 ? SQUASHFS : {};
      expect(await differences(here, `${work}/store`, atTime(0), mount)).toEqual([]);
      expect(await differences(there, "", ofClosure(0), mount)).toEqual([]);
      for (const image of [here, there]) expect(infoOf(image)).toMatchObject(shown);
    }
    expect(await differences(run("microvm.md", 4), "", ofClosure(0))).toEqual([]);
  });

  test("installer.md", async () => {
    const roots = [...closure.paths, `${work}/nix-path-registration`];
    const expected = { ...ofClosure(1), roots };
    for (const [index, algorithm] of ["xz", "zstd"].entries()) {
      const image = run("installer.md", index);
      expect(await differences(image, "", expected, SQUASHFS)).toEqual([]);
      expect(infoOf(image)).toMatchObject({ algorithms: [algorithm], blockSize: 1 << 20 });
      const root = await withMount(image, (at) => lstatSync(at), SQUASHFS);
      expect(root).toMatchObject({ mode: 0o40755, mtimeMs: 1000 });
    }
    const image = run("installer.md", 2);
    const [registration, ...others] = await differences(image, "", ofClosure(0), SQUASHFS);
    expect([registration, others]).toEqual(["nix-path-registration: is not expected", []]);
    const records = await withMount(image, (at) => readFileSync(`${at}/nix-path-registration`, "utf8"), SQUASHFS);
    expect(records.split("\n").sort()).toEqual(readFileSync(`${closureInfo}/registration`, "utf8").split("\n").sort());
  });

  test.skipIf(!hasVerity)("appliance.md", async () => {
    const image = run("appliance.md", 0);
    expect(await differences(image, `${work}/store`, {})).toEqual([]);
    expect(infoOf(image).algorithms).toEqual(["zstd"]);
    for (const index of [1, 2]) {
      const sealed = run("appliance.md", index);
      expect(await differences(sealed, "", ofClosure(1))).toEqual([]);
      expectSealed(sealed);
    }
  });
});

describe.skipIf(!mounts)("other trees", () => {
  const like = { ...ROOTS, adjust: wholeSeconds };

  test("appimage-snap.md", async () => {
    const image = run("appimage-snap.md", 0);
    expect(readFileSync(image).subarray(0, 189_632).equals(Buffer.alloc(189_632))).toBe(true);
    expect(await differences(image, `${work}/AppDir`, like, { ...SQUASHFS, offset: 189_632 })).toEqual([]);
    expect(infoOf(image, 189_632).algorithms).toEqual(["zstd"]);
    const snap = run("appimage-snap.md", 1);
    expect(await differences(snap, `${work}/snapdir`, like, SQUASHFS)).toEqual([]);
    expect(infoOf(snap).algorithms).toEqual(["xz"]);
  });

  test("firmware.md", async () => {
    mkdirSync(`${work}/root/dev`);
    const console = run("firmware.md", 0, /^ts-mksquashfs: warning: .*\bdev\b.*\n$/);
    expect(infoOf(console)).toMatchObject({ algorithms: ["xz"], blockSize: 256 << 10 });
    // what a flash chip has behind it
    truncateSync(console, Math.ceil(statSync(console).size / 4096) * 4096);
    const added = await differences(console, `${work}/root`, like, SQUASHFS);
    expect(added.filter((line) => !/^dev: /.test(line))).toEqual(["dev/console: is not expected"]);
    const [dev, node] = await withMount(
      console,
      (at) => ["dev", "dev/console"].map((path) => lstatSync(`${at}/${path}`)),
      SQUASHFS,
    );
    expect(dev).toMatchObject({ mode: 0o40755, uid: 0, gid: 0 });
    expect(node).toMatchObject({ mode: 0o20600, rdev: 0x501 });
    const sorted = run("firmware.md", 1);
    const times = { adjust: wholeSeconds, ignoreNlinkOfDirectories: true };
    const more = await differences(sorted, `${work}/root`, times, SQUASHFS);
    expect(more).toEqual(["lib-added: is not expected"]);
    expect(await withMount(sorted, (at) => lstatSync(`${at}/lib-added/null`), SQUASHFS)).toMatchObject({
      mode: 0o20666,
      rdev: 0x103,
    });
  });

  test("containers.md", async () => {
    const layer = `${work}/layer`;
    const first = run("containers.md", 0);
    expect(await differences(first, layer, { time: { sec: 0, nsec: 0 } })).toEqual([]);
    expect(infoOf(first)).toMatchObject({ algorithms: ["lz4"], uuid: UUID });
    expect(await differences(run("containers.md", 1), layer, {})).toEqual([]);
    const image = run("containers.md", 2);
    await withLoop(`${work}/layer.tar`, async (device) => {
      expect(await differences(image, layer, {}, { mountOptions: `device=${device}` })).toEqual([]);
    });
    expect(await differences(run("containers.md", 3), layer, {})).toEqual([]);
    expect(await differences(run("containers.md", 4), layer, { time: { sec: 0, nsec: 0 } })).toEqual([]);
    expect(runShell(work, "cp -aT layer merged && cp -aT root merged")).toEqual(SILENT);
    const merged = { time: { sec: 0, nsec: 0 } };
    expect(await differences(run("containers.md", 5), `${work}/merged`, merged)).toEqual([]);
    expect(await differences(run("containers.md", 6), layer, {})).toEqual([]);
  });

  test.skipIf(!hasVerity)("system.md", async () => {
    const images = [0, 1, 2].map((index) => run("system.md", index));
    for (const image of images) expect(await differences(image, `${work}/root`, {})).toEqual([]);
    expect(infoOf(images[0]!).features).toEqual(expect.arrayContaining(["fragments"]));
    for (const image of images.slice(1)) expect(infoOf(image)).toMatchObject({ uuid: UUID, blockSize: 512 });
    expectSealed(images[2]!);
  });
});

test.skipIf(!mounts)("sandbox.md", async () => {
  const [, code] = textOf("sandbox.md").match(/^```js\n([\s\S]*?)^```$/m)!;
  const library = new URL("../../dist/library.js", import.meta.url).href;
  writeFileSync(`${work}/sandbox.mjs`, code!.replace('from "ts-mkerofs"', `from "${library}"`));
  expect(runShell(work, `"${process.execPath}" sandbox.mjs`)).toEqual(SILENT);
  await withMount(`${work}/root.img`, (at) => {
    expect(readFileSync(`${at}/etc/hostname`, "utf8")).toBe("sandbox\n");
    expect(lstatSync(`${at}/etc/shadow`)).toMatchObject({ mode: 0o100600, uid: 0 });
    expect(lstatSync(`${at}/home/agent`)).toMatchObject({ mode: 0o40700, uid: 1000, gid: 1000 });
    expect(lstatSync(`${at}/dev/null`)).toMatchObject({ mode: 0o20666, rdev: 0x103 });
  });
});

test.skipIf(!mounts || !hasNix || !hasVerity)("no line is left", () => {
  expect(PAGES.length).toBeGreaterThan(8);
  for (const page of PAGES) expect([page, ran.get(page)?.size ?? 0]).toEqual([page, linesOf(page).length]);
});
