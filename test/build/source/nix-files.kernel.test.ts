/** Closures as real Nix has them: every list that it prints, its archives and binary caches, what it makes of registrations. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  binaryCache,
  buildErofs,
  buildSquashfs,
  closure,
  directory,
  merge,
  narFile,
  type Source,
} from "../../../dist/index.js";
import { runCommand } from "../../helpers/commands.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { askNix, loadRegistration } from "../../helpers/nix/judges.ts";
import { askSystemNix, type BuiltClosure, buildClosure, canBuildWithNix, ENDS } from "../../helpers/nix/store.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const hasNix = canBuildWithNix();
const canMount = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("nix");
const image = `${scratch}/image`;
let built: BuiltClosure;

async function hashOf(source: Source | string[], options: BuildOptions = {}): Promise<string> {
  await buildErofs(source, image, options);
  return sha256(readFileSync(image));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function put(name: string, text: string): string {
  writeFileSync(`${scratch}/${name}`, text);
  return `${scratch}/${name}`;
}

const json = () => put("list.json", askSystemNix("nix", "path-info", "--json", "-r", built.top));
const plain = () => put("list", built.paths.join("\n"));
const why = (source: Source | string[], options?: BuildOptions) => expect(buildErofs(source, image, options)).rejects;

beforeAll(() => {
  if (hasNix) built = buildClosure(scratch);
});

describe.skipIf(!hasNix)("what Nix prints of a closure gives one image", () => {
  test("in every form", async () => {
    const { top, paths } = built;
    const info = (...words: string[]) => askSystemNix("nix", "path-info", "-r", ...words, top);
    const lists = [
      plain(),
      put("crlf", `${paths.join(" \r\n")}\r\n\r\n${paths[0]}\r\n`),
      put("sizes", info("-s", "-S")),
      put("human", info("-s", "-S", "-h", "--sigs")),
      json(),
      put("registration", askSystemNix("nix-store", "--dump-db", ...paths)),
    ];
    const expected = await hashOf(paths);
    for (const list of lists) expect([list, await hashOf(closure(list))]).toEqual([list, expected]);
  });

  test("of a graph and .attrs.json, as builders get them", async () => {
    const { top, paths } = built;
    const build = (name: string, more: string) =>
      askSystemNix(
        "nix-build",
        "-E",
        `derivation { name = "${name}"; system = builtins.currentSystem; builder = "/bin/bash"; PATH = "/bin:/usr/bin"; ${more} }`,
        "-o",
        `${scratch}/${name}`,
      );
    const root = `builtins.storePath "${top}"`;
    build("graph", `exportReferencesGraph = [ "graph" (${root}) ]; args = [ "-c" "cp graph $out${ENDS}" ];`);
    build(
      "attrs",
      `__structuredAttrs = true; exportReferencesGraph.closure = [ (${root}) ]; args = [ "-c" ". .attrs.sh; cp .attrs.json \\\${outputs[out]}${ENDS}" ];`,
    );
    const expected = await hashOf(paths);
    expect(await hashOf(closure(`${scratch}/graph`))).toBe(expected);
    expect(await hashOf(closure(`${scratch}/attrs`))).toBe(expected);
  });

  test("a path that refers to one which is not in the list is named with it", async () => {
    const { top } = built;
    const info = JSON.parse(askSystemNix("nix", "path-info", "--json", top));
    const list = put("one.json", JSON.stringify(info));
    await why(closure(list)).toThrow(/^\S+one\.json: \S+-root refers to \S+, which is not in the closure$/);
    // nothing is known of references, and contents tell them
    await why([top], { scanReferences: true }).toThrow(/^\S+-root refers to \S+, which is not in the closure$/);
  });
});

describe.skipIf(!hasNix)("an archive", () => {
  test("has the hash and size that Nix knows, for every kind of path", async () => {
    const { paths } = built;
    await buildErofs(paths, image, { registrationOut: `${scratch}/out`, scanReferences: true });
    const text = readFileSync(`${scratch}/out`, "utf8");
    for (const path of paths) {
      const [, found, bytes] = new RegExp(`^${path}\\n(\\w{64})\\n(\\d+)$`, "m").exec(text) ?? [];
      const hash = askSystemNix("nix-store", "-q", "--hash", path).trim();
      const size = askSystemNix("nix-store", "-q", "--size", path).trim();
      const spelt = askSystemNix("nix", "hash", "to-base16", hash).trim();
      expect([path, found, bytes]).toEqual([path, spelt, size]);
    }
  });

  test("gives the image of the directory that it is of: from a file, a pipe, compressed, and to SquashFS", async () => {
    const { top } = built;
    // as bytes: it holds a program
    const dump = spawnSync("nix-store", ["--dump", top], {
      env: { ...process.env, NIX_REMOTE: "" },
      maxBuffer: 1 << 28,
    });
    writeFileSync(`${scratch}/root.nar`, dump.stdout);
    for (const [name, words] of [
      ["gz", ["gzip", "-k", "-f"]],
      ["zst", ["zstd", "-q", "-f"]],
      ["xz", ["xz", "-1", "-k", "-f"]],
    ] as const)
      expect([name, spawnSync(words[0], [...words.slice(1), `${scratch}/root.nar`]).status]).toEqual([name, 0]);
    const options: BuildOptions = { timestamp: 0, owner: "root", hardLinks: "copy" };
    const expected = await hashOf(directory(top), options);
    expect(await hashOf(narFile(`${scratch}/root.nar`))).toBe(expected);
    expect(await hashOf(narFile(`${scratch}/root.nar.gz`))).toBe(expected);
    expect(await hashOf(narFile(`${scratch}/root.nar.zst`))).toBe(expected);
    expect(await hashOf(narFile(`${scratch}/root.nar.xz`))).toBe(expected);
    const run = spawnSync("sh", [
      "-c",
      `nix-store --dump ${top} | node dist/cli/mkerofs/main.js --quiet --nar=- ${image}`,
    ]);
    expect(run.stderr.toString()).toBe("");
    expect(sha256(readFileSync(image))).toBe(expected);
    for (const workers of [1, 3]) {
      const compress = { algorithm: "lz4" } as const;
      expect(await hashOf(narFile(`${scratch}/root.nar`), { compress, workers })).toBe(
        await hashOf(directory(top), { ...options, compress }),
      );
    }
    await buildSquashfs(directory(top), `${scratch}/a`, { timestamp: 0, owner: "root", hardLinks: "copy" });
    await buildSquashfs(narFile(`${scratch}/root.nar`), `${scratch}/b`);
    expect(readFileSync(`${scratch}/a`).equals(readFileSync(`${scratch}/b`))).toBe(true);
  });

  test("of a path with the case hack has the hash that Nix takes where it has made that", async () => {
    const path = `${scratch}/h7mqyzspl0hg12h0lj0xwv405zyhz5q3-hacked`;
    for (const name of ["x/readme", "x/README~nix~case~hack~1", "x/Readme~nix~case~hack~2", "X~nix~case~hack~1/a"]) {
      mkdirSync(join(path, name, ".."), { recursive: true });
      writeFileSync(join(path, name), name.slice(0, 3));
    }
    await buildErofs([path], image, { registrationOut: `${scratch}/hacked`, scanReferences: true });
    const dump = spawnSync("nix-store", ["--option", "use-case-hack", "true", "--dump", path], {
      env: { ...process.env, NIX_REMOTE: "" },
    });
    expect(dump.stdout.includes("~nix~case~hack~")).toBe(false);
    expect(readFileSync(`${scratch}/hacked`, "utf8").split("\n").slice(1, 3)).toEqual([
      sha256(dump.stdout),
      `${dump.stdout.length}`,
    ]);
    writeFileSync(join(path, "x/readme~nix~case~hack~3"), "");
    await why([path], { registrationOut: `${scratch}/hacked`, scanReferences: true }).toThrow(
      "has the same name in the image as readme",
    );
  });

  test("of a single file is no root", async () => {
    const file = built.paths.find((path) => path.endsWith("-c-file"))!;
    put("file.nar", askSystemNix("nix-store", "--dump", file));
    await why(narFile(`${scratch}/file.nar`)).toThrow("holds a single file or link, which cannot be the root");
  });
});

describe.skipIf(!hasNix)("a binary cache", () => {
  const copy = (query: string) => {
    const folder = `${scratch}/cache-${query.replace(/\W/g, "-").slice(0, 40)}`;
    askSystemNix("nix", "copy", "--to", `file://${folder}?${query}`, built.top);
    return folder;
  };

  test.each(["none", "gzip", "zstd", "xz"])("compressed with %s gives the image of the paths", async (compression) => {
    const { top, paths } = built;
    const cache = copy(`compression=${compression}`);
    const expected = await hashOf(paths);
    expect(await hashOf(binaryCache(cache, [top]))).toBe(expected);
    expect(await hashOf(binaryCache(`file://${cache}`, [basename(top)], {}), { workers: 1 })).toBe(expected);
    const compress = { algorithm: "zstd" } as const;
    expect(await hashOf(binaryCache(cache, [top]), { compress, workers: 3 })).toBe(await hashOf(paths, { compress }));
  });

  test("compressed with bzip2 is refused by that name", async () => {
    await why(binaryCache(copy("compression=bzip2"), [built.top])).toThrow(
      "is compressed with bzip2, which is not supported",
    );
  });

  test("that lacks a path is refused, and the path that refers to it is named", async () => {
    const cache = copy("compression=none&parallel-compression=false");
    const lacking = `${scratch}/lacking`;
    cpSync(cache, lacking, { recursive: true });
    const b = built.paths.find((path) => path.endsWith("-b"))!;
    spawnSync("rm", [join(lacking, `${basename(b).slice(0, 32)}.narinfo`)]);
    await why(binaryCache(lacking, [built.top])).toThrow(/refers to \S+-b, which is not in this binary cache$/);
    await why(binaryCache(lacking, [b])).toThrow(/-b is not in this binary cache$/);
  });

  test("with an archive that has been changed, in its place and in length", async () => {
    const cache = copy("compression=none&priority=1");
    const archives = readdirSync(`${cache}/nar`).sort();
    const bytes = archives.map((name) => readFileSync(`${cache}/nar/${name}`));
    const at = bytes.findIndex((each) => each.includes("#!/bin/sh"));
    const path = `${cache}/nar/${archives[at]}`;
    const changed = Buffer.from(bytes[at]!);
    changed[changed.indexOf("#!/bin/sh")] = 0x24;
    writeFileSync(path, changed);
    await why(binaryCache(cache, [built.top])).toThrow(/has the SHA-256 \w{64} and not \w{64}$/);
    writeFileSync(path, bytes[at]!);
    appendFileSync(path, "\0");
    await why(binaryCache(cache, [built.top])).toThrow(/has \d+ bytes and not \d+$/);
  });

  test("is taken where a trusted key has signed its paths, and only there", async () => {
    const { top, paths } = built;
    const keys = ["one-1", "two-1"].map((name) => {
      askSystemNix(
        "nix-store",
        "--generate-binary-cache-key",
        name,
        `${scratch}/${name}.sec`,
        `${scratch}/${name}.pub`,
      );
      return readFileSync(`${scratch}/${name}.pub`, "utf8").trim();
    });
    const cache = copy(`compression=none&secret-key=${scratch}/one-1.sec`);
    const trusting = (...trustedPublicKeys: string[]) => binaryCache(cache, [top], { trustedPublicKeys });
    expect(await hashOf(trusting(keys[1]!, keys[0]!))).toBe(await hashOf(paths));
    await why(trusting(keys[1]!)).toThrow('it is signed by "one-1", and trusted are two-1');
    await why(trusting(keys[1]!.replace("two", "one"))).toThrow("its signature by one-1 is wrong");
    await why(trusting("one-1")).toThrow('"one-1" is no public key of Nix, NAME:BASE64');
    const words = [`--binary-cache=${cache}`, `--trusted-public-keys=${keys.join(" ")}`, "--quiet", image, top];
    expect(runCommand(scratch, "mkerofs", words)).toEqual({ status: 0, out: "", err: "" });
  });
});

describe.skipIf(!hasNix)("a registration", () => {
  test("is the same from every list that knows as much, and what Nix dumps but for the order", async () => {
    const out = `${scratch}/registration-out`;
    const from = async (source: Source) => {
      await buildErofs(source, image, { registrationOut: out });
      return readFileSync(out, "utf8");
    };
    const dumped = askSystemNix("nix-store", "--dump-db", ...[...built.paths].sort());
    expect(await from(closure(json()))).toBe(dumped);
    expect(await from(closure(put("dumped", dumped)))).toBe(dumped);
    // a graph knows no hashes: they are found out
    const graph = built.paths.map((path) => {
      const references = askSystemNix("nix-store", "-q", "--references", path).trim().split("\n").filter(Boolean);
      const deriver = askSystemNix("nix-store", "-q", "--deriver", path).trim();
      return [path, deriver, references.length, ...references].join("\n");
    });
    expect(await from(closure(put("graph-list", `${graph.join("\n")}\n`)))).toBe(dumped);
  });

  test("where nobody knows the references is refused, and looked for on demand", async () => {
    await why(built.paths, { registration: true }).toThrow("to which paths it refers is not known");
    await buildErofs(built.paths, image, { registrationOut: `${scratch}/scanned`, scanReferences: true });
    const dumped = askSystemNix("nix-store", "--dump-db", ...[...built.paths].sort());
    const withoutDerivers = dumped.replace(/^\/nix\/store\/.*\.drv$/gm, "");
    expect(readFileSync(`${scratch}/scanned`, "utf8")).toBe(withoutDerivers);
  });

  test.skipIf(!canMount)("in an image is loaded by Nix, which then finds every path as it should be", async () => {
    await buildErofs(closure(json()), image, { storeDir: "/nix/store", registration: true });
    const root = `${scratch}/guest`;
    mkdirSync(root);
    await withMount(image, (at) => {
      expect(readdirSync(at).sort()).toEqual(["nix", "nix-path-registration"]);
      const modes = spawnSync("stat", [
        "-c",
        "%a %u %g %Y",
        `${at}/nix`,
        `${at}/nix/store`,
        `${at}/nix-path-registration`,
      ]);
      expect(modes.stdout.toString()).toBe("755 0 0 0\n1775 0 30000 0\n444 0 0 0\n");
      expect(spawnSync("cp", ["-a", `${at}/.`, root]).status).toBe(0);
    });
    loadRegistration(root, readFileSync(`${root}/nix-path-registration`, "utf8"));
    expect(askNix(root, ["nix-store", "-qR", built.top]).trim().split("\n").sort()).toEqual([...built.paths].sort());
    askNix(root, ["nix-store", "--verify", "--check-contents"]);
    // the judge is awake
    spawnSync("sh", ["-c", `chmod u+w ${root}${built.top}/d; echo x >> ${root}${built.top}/d`]);
    expect(() => askNix(root, ["nix-store", "--verify", "--check-contents"])).toThrow(/was modified/);
  });

  test("goes where it is to go, and is computed of what is in the image", async () => {
    const c = built.paths.find((path) => path.endsWith("-root"))!;
    const options = {
      registration: "/var/lib/reg",
      registrationOut: `${scratch}/excluded`,
      exclude: [`nix/store/${basename(c)}/sh`],
    };
    await buildErofs(closure(json()), image, { ...options, storeDir: "/nix/store" });
    const text = readFileSync(`${scratch}/excluded`, "utf8");
    expect(text).not.toContain(
      askSystemNix("nix", "hash", "to-base16", askSystemNix("nix-store", "-q", "--hash", c).trim()).trim(),
    );
    expect(readFileSync(image).includes(text.slice(0, 200))).toBe(true);
  });
});

test.skipIf(!hasNix)("a closure in its place, and a root filesystem around it", async () => {
  mkdirSync(`${scratch}/rootfs/etc`, { recursive: true });
  mkdirSync(`${scratch}/rootfs/nix`);
  put("rootfs/etc/hostname", "box\n");
  const source = () => merge(directory(`${scratch}/rootfs`), closure(json()));
  const one = await hashOf(source(), { storeDir: "/nix/store", workers: 1 });
  expect(await hashOf(source(), { storeDir: "/nix/store/", workers: 3 })).toBe(one);
  const report = await buildErofs(source(), image, { storeDir: "/nix/store", exclude: ["nix"] });
  expect(report.counts.files).toBe(1);
  await why(merge(directory(`${scratch}/rootfs`), directory(scratch)), { storeDir: "/nix/store" }).toThrow(
    "storeDir: the source has no store paths",
  );
});
