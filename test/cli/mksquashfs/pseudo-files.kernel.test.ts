/** Pseudo files, excludes and the order of files, as `ts-mksquashfs` takes them; the kernel shows what came of them. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { commandWords, runCommand, runShell, SILENT } from "../../helpers/commands.ts";
import { compareTrees, describeTree, type ExpectedMeta } from "../../helpers/compare/compare.ts";
import { clampTo, wholeSeconds } from "../../helpers/compare/times.ts";
import { canMountSquashfs, runChecker, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { makeRandomTree } from "../../helpers/trees/random-tree.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const scratch = makeScratch("pseudo-files");
const store = `${scratch}/store`;
const image = `${scratch}/image`;
const SQUASHFS = { type: "squashfs" } as const;

const shell = (line: string) => runShell(scratch, `${commandWords("mksquashfs")} ${line}`);

beforeAll(() => {
  makeRandomTree(`${store}/1aaa-glibc`, 1, 80);
  makeRandomTree(`${store}/2bbb-hello`, 2, 60);
  writeFileSync(`${store}/3ccc-builder.sh`, "echo hello\n", { mode: 0o555 });
  writeFileSync(`${scratch}/nix-path-registration`, "registration\n");
});

describe.skipIf(!kernel)("pseudo files, excludes and order", () => {
  const pseudo = [
    "-p 'dev d 755 0 0'",
    "-p 'dev/null c 666 0 0 1 3'",
    "-p 'date.txt F 77 0644 1 2 printf hello'",
    `-p '"with space" s 777 0 0 /x y'`,
    "-p 'pipe i 600 1 2 f'",
    "-p '3ccc-builder.sh m 700 3 4'",
    "-p 'copy l nix-path-registration'",
    "-p 'again L date.txt'",
    "-p 'date.txt x user.foo=bar'",
  ];

  test("pseudo files are added to a directory", async () => {
    expect(shell(`store ${image} -noappend -quiet -comp lz4 ${pseudo.join(" ")} -root-uid 5 -root-time 9`)).toEqual(
      SILENT,
    );
    await withMount(
      image,
      (at) => {
        const added = new Set(["dev", "date.txt", "with space", "pipe", "copy", "again"]);
        expect(readdirSync(at).sort()).toEqual([...readdirSync(store), ...added].sort());
        expect(lstatSync(at)).toMatchObject({ uid: 5, mtimeMs: 9000 });
        expect(lstatSync(`${at}/dev/null`).isCharacterDevice()).toBe(true);
        expect(lstatSync(`${at}/date.txt`)).toMatchObject({ uid: 1, gid: 2, mtimeMs: 77_000, nlink: 2, size: 5 });
        expect(readFileSync(`${at}/again`, "utf8")).toBe("hello");
        expect(readlinkSync(`${at}/with space`)).toBe("/x y");
        expect(lstatSync(`${at}/3ccc-builder.sh`)).toMatchObject({ mode: 0o100700, uid: 3, gid: 4 });
        expect(readFileSync(`${at}/3ccc-builder.sh`, "utf8")).toBe("echo hello\n");
        expect(readFileSync(`${at}/copy`, "utf8")).toBe("registration\n");
        for (const top of ["1aaa-glibc", "2bbb-hello"]) {
          expect(compareTrees(`${store}/${top}`, `${at}/${top}`, { adjust: wholeSeconds })).toEqual([]);
        }
        expect(runChecker("getfattr", ["-d", "--absolute-names", `${at}/again`]).output).toContain('user.foo="bar"');
      },
      SQUASHFS,
    );
  });

  test("several sources, with pseudo files among them, keep their contents", async () => {
    expect(
      shell(`store/1aaa-glibc store/3ccc-builder.sh ${image} -noappend -quiet -comp lz4 ${pseudo.join(" ")}`),
    ).toEqual(SILENT);
    await withMount(
      image,
      (at) => {
        expect(compareTrees(`${store}/1aaa-glibc`, `${at}/1aaa-glibc`, { adjust: wholeSeconds })).toEqual([]);
        expect(readFileSync(`${at}/3ccc-builder.sh`, "utf8")).toBe("echo hello\n");
        expect(lstatSync(at)).toMatchObject({ mode: 0o40777, uid: 0, gid: 0, mtimeMs: 0 });
      },
      SQUASHFS,
    );
  });

  test("nothing but pseudo files", async () => {
    const words = ["-", image, "-noappend", "-quiet", "-p", "/ D 5 0711 1 2", "-p", "x f 644 0 0 printf x"];
    expect(runCommand(scratch, "mksquashfs", words)).toEqual(SILENT);
    await withMount(
      image,
      (at) => {
        expect(lstatSync(at)).toMatchObject({ mode: 0o40711, uid: 1, gid: 2, mtimeMs: 5000 });
        expect(readFileSync(`${at}/x`, "utf8")).toBe("x");
      },
      SQUASHFS,
    );
  });

  test("excludes: paths, patterns, expressions, and what -no-strip keeps", async () => {
    const source = `${scratch}/excludes`;
    for (const folder of ["a/b", "c"]) mkdirSync(`${source}/${folder}`, { recursive: true });
    for (const file of ["a/x.gz", "a/b/y.gz", "c/z.txt", "top.txt", ".gz"]) writeFileSync(`${source}/${file}`, file);
    const list = async (words: string, err = "") => {
      const line = words.replace("IMAGE", `${image} -noappend -quiet -comp lz4`);
      expect(shell(line)).toEqual({ ...SILENT, err });
      return withMount(
        image,
        (at) =>
          describeTree(at)
            .map(({ path }) => `${path}`)
            .slice(1),
        SQUASHFS,
      );
    };
    const all = [".gz", "a", "a/b", "a/b/y.gz", "a/x.gz", "c", "c/z.txt", "top.txt"];
    const without = (...paths: string[]) => all.filter((path) => !paths.includes(path));
    expect(await list("excludes IMAGE")).toEqual(all);
    const warning = "ts-mksquashfs: warning: nothing matches nothing, which is to be excluded\n";
    const left = without("a/b", "a/b/y.gz", "top.txt");
    expect(await list("excludes IMAGE -e a/b top.txt nothing", warning)).toEqual(left);
    expect(await list(`excludes IMAGE -e ${source}/c`)).toEqual(without("c", "c/z.txt"));
    expect(await list("excludes IMAGE -wildcards -e '*.txt' 'a/*.gz'")).toEqual(without("top.txt", "a/x.gz"));
    expect(await list("excludes IMAGE -wildcards -e '... *.gz'")).toEqual(without("a/x.gz", "a/b/y.gz"));
    expect(await list("excludes IMAGE -regex -e '... [xyz]\\.' 't.p'")).toEqual(
      without("a/x.gz", "a/b/y.gz", "c/z.txt", "top.txt"),
    );
    writeFileSync(`${scratch}/ef`, "# comment\na\n");
    expect(await list("excludes IMAGE -ef ef")).toEqual(without("a", "a/b", "a/b/y.gz", "a/x.gz"));
    expect(await list("excludes IMAGE -keep-as-directory -e a")).toEqual(
      ["excludes", ...without("a", "a/b", "a/b/y.gz", "a/x.gz").map((path) => `excludes/${path}`)].sort(),
    );
    expect(await list("excludes/a/b excludes/c IMAGE -no-strip")).toEqual(
      ["", "/a", "/a/b", "/a/b/y.gz", "/c", "/c/z.txt"].map((path) => `excludes${path}`),
    );
  });

  test("sort files change where contents lie, and nothing else", async () => {
    writeFileSync(`${scratch}/priorities`, "store/3ccc-builder.sh 100\n2bbb-hello 50\n");
    expect(shell(`store ${image} -noappend -quiet -comp lz4 -no-fragments`)).toEqual(SILENT);
    const plain = readFileSync(image);
    expect(shell(`store ${image} -noappend -quiet -comp lz4 -no-fragments -sort priorities`)).toEqual(SILENT);
    expect(readFileSync(image).equals(plain)).toBe(false);
    // directly behind the superblock and the options of lz4
    expect(readFileSync(image).indexOf("echo hello\n")).toBe(96 + 10);
    expect(await withMount(image, (at) => compareTrees(store, at, { adjust: wholeSeconds }), SQUASHFS)).toEqual([]);
    writeFileSync(`${scratch}/sort`, "-5 [glob,dont_compress,dont_fragment] 3*\n");
    expect(runCommand(scratch, "gensquashfs", ["-D", "store", "-S", "sort", "-f", "-q", "-k", image])).toEqual(SILENT);
    expect(readFileSync(image).indexOf("echo hello\n")).toBe(96);
    const expected = { adjust: (meta: ExpectedMeta) => (meta.path === "" ? clampTo(meta, 0n) : wholeSeconds(meta)) };
    await withMount(
      image,
      (at) => {
        const differences = compareTrees(store, at, expected).filter((line) => !/^"?\.?"?: (mode|uid|gid)/.test(line));
        expect(differences).toEqual([]);
      },
      SQUASHFS,
    );
  });
});
