/** Extended attributes of files: by every reader that there is, and as Linux gives them back. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  buildErofs,
  buildSquashfs,
  directory,
  ImageError,
  type XattrReaderName,
} from "../../../dist/index.js";
import { runInChild } from "../../helpers/child.ts";
import { runCommand, runShell } from "../../helpers/commands.ts";
import { canMountErofs, canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { MAKE_ATTRIBUTES } from "../../helpers/trees/attributes.ts";
import { makeLongPath } from "../../helpers/trees/long-path.ts";

const isRoot = process.platform === "linux" && process.getuid?.() === 0;
const getfattr = isRoot && oracle("getfattr, setfattr, setfacl", hasCommand("getfattr") && hasCommand("setfacl"));
const erofs = getfattr && oracle("kernel EROFS mount", canMountErofs());
const squashfs = getfattr && oracle("kernel SquashFS mount", canMountSquashfs());
const scratch = makeScratch("xattrs");
const tree = `${scratch}/tree`;

/** Names that are no UTF-8, or have to be written with escapes. */
const MAKE_ODD = `
set -e
mkdir -p odd
for name in "$(printf 'latin1-\\351')" "$(printf 'line\\nend')" 'back\\slash' 'a=b'; do
  printf x > "odd/$name"; setfattr -n user.comment -v "$name" "odd/$name"
done
`;

/** At the end of a path that no system call takes. */
const MAKE_LONG = "find long -depth -execdir setfattr -h -n trusted.name -v x {} +";

beforeAll(() => {
  if (!getfattr) return;
  makeLongPath(`${scratch}/long`);
  for (const script of [MAKE_ATTRIBUTES, MAKE_ODD, MAKE_LONG])
    expect(runShell(scratch, script)).toMatchObject({ status: 0, err: "" });
});

/** What getfattr says of a tree: one text an entry, sorted. */
function listAttributes(at: string): string[] {
  const words = ["-h", "-R", "-d", "-m", "-", "-e", "hex", "--absolute-names", "."];
  const { stdout, stderr } = spawnSync("getfattr", words, { cwd: at, encoding: "latin1", maxBuffer: 1 << 26 });
  // SquashFS has an answer of its own where an image has none at all
  expect(stderr.replace(/^.*: Operation not supported\n/gm, "")).toBe("");
  return stdout.split("\n\n").sort();
}

/** A Node that has `node:ffi`: this one, or that of the environment, which `.ci/run` sets. */
const FFI_NODE = "getBuiltinModule" in process && isNew() ? process.execPath : process.env.TS_MKEROFS_NODE_26;
const ffi = getfattr && oracle("Node 26.1 or later (TS_MKEROFS_NODE_26)", FFI_NODE !== undefined);
const READERS = (["ffi", "napi", "getfattr"] as const).filter((name) => name !== "ffi" || ffi);

function isNew(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 26 || (major === 26 && minor >= 1);
}

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
  } catch {
    return false;
  }
}

/** Builds an image in a process of its own, by a Node that has the reader. */
function buildBy(reader: XattrReaderName | "none", format: "Erofs" | "Squashfs", from: string, options: object = {}) {
  const body = `
    const { xattrReader, xattrsLeftOut, digest } = await api.build${format}(api.directory(args.from), args.image, args.options);
    return { xattrReader, xattrsLeftOut, digest };`;
  const args = { from, image: `${scratch}/${reader}.img`, options: { digest: true, xattrReader: reader, ...options } };
  const node = reader === "ffi" ? [FFI_NODE!] : undefined;
  return runInChild(body, args, { node });
}

describe.skipIf(!erofs || !squashfs)("attributes of a directory", () => {
  test("are those of the source, as Linux reads the EROFS image", async () => {
    const image = `${scratch}/image`;
    const report = await buildErofs(directory(tree), image);
    expect(report).toMatchObject({ xattrsUnread: false, xattrsLeftOut: 0 });
    expect(report.xattrReader).not.toBe("none");
    const wanted = listAttributes(tree);
    expect(wanted.length).toBeGreaterThan(18);
    expect(wanted.join()).toContain("system.posix_acl_default");
    expect(await withMount(image, listAttributes)).toEqual(wanted);
  });

  const FORMS: [string, BuildOptions][] = [
    ["all inline", { xattrTolerance: 1000 }],
    ["shared", { xattrTolerance: 0 }],
    ["crossing blocks of 512 bytes", { blockSize: 512, xattrTolerance: 0 }],
    ["without a filter", { xattrFilter: false }],
    ["compressed", { compress: "lz4" }],
    ["in a metabox, inline", { metabox: true, xattrTolerance: 1000 }],
    ["with a sort file", { sort: [{ order: 1, flags: 0, path: "sub/caps", match: "exact" }] }],
  ];
  test.each(FORMS)("%s", async (_, options) => {
    const image = `${scratch}/image`;
    await buildErofs(directory(tree), image, options);
    expect(await withMount(image, listAttributes)).toEqual(listAttributes(tree));
  });

  test("are those of the source but for ACLs, which are counted, as Linux reads the SquashFS image", async () => {
    const image = `${scratch}/image`;
    // the ACL of the file that is in the folder with a default one is there twice: inherited and set
    expect(await buildSquashfs(directory(tree), image)).toMatchObject({ xattrsLeftOut: 2, xattrsUnread: false });
    const wanted = listAttributes(tree)
      .map((entry) => entry.replaceAll(/\nsystem\.posix_acl[^\n]*/g, ""))
      .filter((entry) => !/^\n?# file: [^\n]*\n?$/.test(entry));
    expect(await withMount(image, listAttributes, { type: "squashfs" })).toEqual(wanted);
  });

  test("that rules leave out are not in the image", async () => {
    const image = `${scratch}/image`;
    const xattrNames = { include: "^(user|trusted)", exclude: "one-of-many|overlay|lot" };
    await buildErofs(directory(tree), image, { xattrNames });
    const listed = (await withMount(image, listAttributes)).join("\n");
    expect(listed).toContain("row/g\n");
    // nothing is left of it, in spite of its neighbours
    expect(listed).not.toContain("row/h\n");
    const names = listed.match(/^[a-z]+\.[^=\n]*/gm);
    expect([...new Set(names)].sort()).toEqual([
      ...["trusted.link", "user.binary", "user.empty", "user.equals\\075sign", "user.kind", "user.long", "user.root"],
      "user.shared",
    ]);
  });

  test.each([
    ["EROFS, with xattrTolerance < 0", () => buildErofs(directory(tree), `${scratch}/none`, { xattrTolerance: -1 })],
    ["EROFS, by no reader", () => buildErofs(directory(tree), `${scratch}/none`, { xattrReader: "none" })],
    ["SquashFS, with xattrs false", () => buildSquashfs(directory(tree), `${scratch}/none`, { xattrs: false })],
    ["a closure", () => buildErofs([tree], `${scratch}/none`)],
  ])("are not read: %s", async (name, build) => {
    expect(await build()).toMatchObject({ xattrReader: "none", xattrsUnread: false, xattrsLeftOut: 0 });
    const type = name.startsWith("SquashFS") ? "squashfs" : "erofs";
    expect(await withMount(`${scratch}/none`, listAttributes, { type })).toEqual([""]);
  });

  test("of a closure are read where that is asked for", async () => {
    const image = `${scratch}/image`;
    expect(await buildErofs([tree], image, { xattrReader: "auto" })).toMatchObject({ xattrsUnread: false });
    expect(await withMount(image, (at) => listAttributes(`${at}/tree`))).toEqual(listAttributes(tree));
  });

  test("of a directory that is named through a link are its own", async () => {
    runShell(scratch, "ln -s tree way");
    await buildErofs(directory(`${scratch}/way`), `${scratch}/image`);
    expect((await withMount(`${scratch}/image`, listAttributes)).join()).toContain("user.root=");
  });
});

describe.skipIf(!getfattr)("readers", () => {
  test.each([
    ["EROFS", "Erofs", {}, 0],
    ["SquashFS", "Squashfs", {}, 2],
    ["EROFS with rules", "Erofs", { xattrNames: { exclude: "^user" } }, 0],
  ] as const)("give the same bytes: %s", (_, format, options, xattrsLeftOut) => {
    const made = READERS.map((reader) => [reader, buildBy(reader, format, tree, options)] as const);
    const [, { value: first }] = made[0]!;
    const { digest } = first as { digest: string };
    for (const [xattrReader, outcome] of made) expect(outcome.value).toEqual({ xattrReader, xattrsLeftOut, digest });
  });

  test("that take bytes take names that are no UTF-8, and @napi-rs/xattr says that it does not", async () => {
    const odd = `${scratch}/odd`;
    const outcomes = new Map(READERS.map((reader) => [reader, buildBy(reader, "Erofs", odd)]));
    const { value } = outcomes.get("getfattr")!;
    expect(value).toMatchObject({ xattrReader: "getfattr" });
    if (ffi) expect(outcomes.get("ffi")!.value).toEqual({ ...(value as object), xattrReader: "ffi" });
    const { error } = outcomes.get("napi")!;
    expect(error).toMatchObject({ isImageError: true, code: "INPUT" });
    expect(error!.message).toContain("latin1-\\xe9: its name, or that of an attribute, is no UTF-8");
    // left to itself a build asks getfattr for these
    expect(buildBy("napi", "Erofs", odd, { xattrReader: "auto" }).value).toMatchObject({
      digest: (value as { digest: string }).digest,
    });
    if (erofs) expect(await withMount(`${scratch}/napi.img`, listAttributes)).toEqual(listAttributes(odd));
  });

  test("read what lies at paths that are longer than the system takes", () => {
    const digests = [...READERS, "none" as const].map((reader) => {
      const { value } = buildBy(reader, "Erofs", `${scratch}/long`);
      expect(value).toMatchObject({ xattrReader: reader });
      return (value as { digest: string }).digest;
    });
    const without = digests.pop();
    expect(new Set(digests).size).toBe(1);
    expect(digests[0]).not.toBe(without);
  });

  test.skipIf(!squashfs)("find nothing where a filesystem has no attributes, whatever it answers", async () => {
    const image = `${scratch}/bare`;
    await buildSquashfs(directory(tree), image, { xattrs: false });
    const digests = await withMount(
      image,
      (at) => [...READERS, "none" as const].map((reader) => buildBy(reader, "Erofs", at)),
      { type: "squashfs" },
    );
    const [first] = digests;
    expect(first!.value).toBeDefined();
    for (const { value } of digests) expect(value).toEqual({ ...first!.value!, xattrReader: expect.any(String) });
  });

  test("that cannot be started are an error: no further file may be open", () => {
    const body = `
      const processes = (await import("node:child_process")).default;
      const { spawn } = processes;
      processes.spawn = (...words) => {
        const open = [];
        try { for (;;) open.push(fs.openSync("/dev/null")); } catch {}
        try { return spawn(...words); } finally { for (const each of open) fs.closeSync(each); }
      };
      return api.buildErofs(api.directory(args.tree), args.image, { xattrReader: "getfattr" });`;
    const node = ["sh", "-c", 'ulimit -n 200; exec "$0" "$@"', process.execPath];
    const { error } = runInChild(body, { tree, image: `${scratch}/refused` }, { node });
    expect(error).toEqual({ isImageError: true, code: "IO", message: "getfattr: spawn xargs EMFILE" });
  });

  test("are ended with a build that is aborted", async () => {
    const bin = `${scratch}/bin`;
    mkdirSync(bin);
    writeFileSync(
      `${bin}/xargs`,
      `#!/bin/sh\necho $$ > ${bin}/started\nmv ${bin}/started ${bin}/pid\nexec sleep 600\n`,
    );
    chmodSync(`${bin}/xargs`, 0o755);
    const body = `
      const stop = new AbortController();
      const timer = setInterval(() => fs.existsSync(args.pid) && stop.abort(), 10);
      const options = { xattrReader: "getfattr", signal: stop.signal };
      try {
        await api.buildErofs(api.directory(args.tree), args.image, options);
      } catch (error) {
        return error.code;
      } finally {
        clearInterval(timer);
      }`;
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const { value } = runInChild(body, { tree, image: `${scratch}/aborted`, pid: `${bin}/pid` }, { env });
    expect(value).toBe("ABORTED");
    const pid = Number(readFileSync(`${bin}/pid`, "utf8"));
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test.skipIf(!ffi)("do not show Node's warning that node:ffi is new", () => {
    const main = new URL("../../../dist/cli/mkerofs/main.js", import.meta.url).pathname;
    const ran = spawnSync(FFI_NODE!, [main, "--quiet", "--xattrs=ffi", `${scratch}/image`, tree], { encoding: "utf8" });
    expect(ran).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });

  test("that are named and missing are errors, which say why", async () => {
    const build = (xattrReader: XattrReaderName, env: NodeJS.ProcessEnv) =>
      runInChild(
        `return api.buildErofs(api.directory(args.tree), args.image, { xattrReader: args.xattrReader });`,
        {
          ...{ tree, image: `${scratch}/missing`, xattrReader },
        },
        { env: env as Record<string, string> },
      );
    expect(build("getfattr", { PATH: "/nowhere" }).error).toMatchObject({
      ...{ code: "INPUT", message: "xattrReader: getfattr cannot be had: there is no program xargs and no getfattr" },
    });
    if (!isNew()) {
      const rejected = buildErofs(directory(tree), `${scratch}/missing`, { xattrReader: "ffi" });
      await expect(rejected).rejects.toThrow(/^xattrReader: ffi cannot be had: Node .* has no node:ffi/);
      await expect(rejected).rejects.toBeInstanceOf(ImageError);
    }
  });
});

describe.skipIf(!getfattr)("where nothing reads attributes", () => {
  /** A process that finds neither the package nor the program. */
  function environment(): Record<string, string> {
    const file = `${scratch}/no-package.cjs`;
    writeFileSync(
      file,
      `const module_ = require("node:module");
       const load = module_._load;
       module_._load = (name, ...rest) => {
         if (name !== "@napi-rs/xattr") return load(name, ...rest);
         throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
       };
       process.getBuiltinModule = () => undefined;`,
    );
    return { NODE_OPTIONS: `--require=${file}`, PATH: "/nowhere" };
  }

  test.each([
    ["mkerofs", ["--quiet", "-d2", "image-1", "tree"], true],
    ["mkerofs", ["-d2", "image-1", "tree"], true],
    ["mksquashfs", ["tree", "image-2", "-noappend", "-quiet"], true],
    ["gensquashfs", ["-D", "tree", "-x", "-f", "-q", "image-3"], true],
    ["gensquashfs", ["-D", "tree", "-f", "-q", "image-3"], false],
    ["mkerofs", ["--xattrs=none", "image-1", "tree"], false],
    ["mkerofs", ["-x-1", "image-1", "tree"], false],
  ] as const)("%s %j says so in one line, if it was to be done", (command, words, says) => {
    const { status, err } = runCommand(scratch, command, words, environment());
    expect(status).toBe(0);
    const lines = err.split("\n").filter((line) => line !== "");
    expect(lines).toHaveLength(says && !(words as readonly string[]).includes("--quiet") ? 1 : 0);
    if (lines.length > 0) expect(lines[0]).toContain("extended attributes of files were not read");
  });

  test("the report says so, and the image is that without attributes", () => {
    const { out } = runCommand(scratch, "mkerofs", ["--json", "--digest", "image-1", "tree"], environment());
    const { out: none } = runCommand(scratch, "mkerofs", ["--json", "--digest", "--xattrs=none", "image-2", "tree"]);
    const report = JSON.parse(out);
    expect(report).toMatchObject({ xattrReader: "none", xattrsUnread: true });
    expect(JSON.parse(none)).toMatchObject({ xattrReader: "none", xattrsUnread: false, digest: report.digest });
  });

  test("a reader by its name is an error", () => {
    const { status, err } = runCommand(scratch, "mkerofs", ["--xattrs=napi", "image-4", "tree"], environment());
    expect({ status, err }).toEqual({
      status: 1,
      err: "ts-mkerofs: --xattrs: napi cannot be had: the package @napi-rs/xattr is not installed\n",
    });
  });
});

describe.skipIf(!squashfs)("the C tools' options", () => {
  const attributesOf = (image: string) => withMount(`${scratch}/${image}`, listAttributes, { type: "squashfs" });
  const withoutAcls = () =>
    listAttributes(tree)
      .map((entry) => entry.replaceAll(/\nsystem\.posix_acl[^\n]*/g, ""))
      .filter((entry) => !/^\n?# file: [^\n]*\n?$/.test(entry));

  test("-x of gensquashfs takes attributes, and without it none are taken", async () => {
    const warned =
      /2 files or directories have ACLs or other attributes that SquashFS does not hold: these are left out/;
    expect(runCommand(scratch, "gensquashfs", ["-D", "tree", "-x", "-f", "-q", "sq"]).err).toMatch(warned);
    expect(await attributesOf("sq")).toEqual(withoutAcls());
    expect(runCommand(scratch, "gensquashfs", ["-D", "tree", "-f", "-q", "sq"])).toMatchObject({ status: 0, err: "" });
    expect(await attributesOf("sq")).toEqual([""]);
  });

  test("of mksquashfs say which attributes of files are taken", async () => {
    const run = (...words: string[]) => {
      expect(runCommand(scratch, "mksquashfs", ["tree", "sq", "-noappend", "-quiet", ...words]).status).toBe(0);
      return attributesOf("sq");
    };
    expect(await run()).toEqual(withoutAcls());
    expect(await run("-xattrs")).toEqual(withoutAcls());
    expect(await run("-no-xattrs")).toEqual([""]);
    const all = (await run("-xattrs-include", "^security")).join("\n");
    expect(all).toContain("security.capability=");
    expect(all).not.toMatch(/^user\./m);
    expect((await run("-xattrs-exclude", "^security")).join("\n")).not.toContain("security.");
    const added = await run("-xattrs-add", "user.empty=new", "-xattrs-exclude", "^(security|trusted)");
    expect(added.find((entry) => entry.startsWith("# file: ./file\n"))).toContain("user.empty=0x6e6577");
    const followed = await run("-dereference", "-xattrs-include", "^user\\.empty");
    expect(followed.find((entry) => entry.startsWith("# file: ./link\n"))).toContain("user.empty=0x");
  });

  test.skipIf(!oracle("mksquashfs", hasCommand("mksquashfs")))("as mksquashfs means them", async () => {
    for (const words of [
      "",
      "-no-xattrs",
      "-xattrs-include ^security",
      "-xattrs-exclude ^user",
      "-xattrs-add user.x=1",
    ]) {
      const theirs = runShell(scratch, `mksquashfs tree theirs -noappend -quiet ${words}`);
      if (theirs.status !== 0) continue;
      runCommand(scratch, "mksquashfs", ["tree", "ours", "-noappend", "-quiet", ...words.split(" ").filter(Boolean)]);
      expect(await attributesOf("ours")).toEqual(await attributesOf("theirs"));
    }
  });
});
