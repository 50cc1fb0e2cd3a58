/** `ts-gensquashfs`, `ts-mksquashfs` and `--format=squashfs`, as their users type them; the kernel shows what came of it. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, packFile } from "../../dist/index.js";
import { commandPath } from "../helpers/commands.ts";
import { compareTrees, describeTree, type ExpectedMeta } from "../helpers/compare.ts";
import { makeRandomTree } from "../helpers/corner-tree.ts";
import { canMountErofs, canMountSquashfs, runChecker, withMount } from "../helpers/mount.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const erofs = oracle("kernel EROFS mount", canMountErofs());
const gensquashfs = oracle("gensquashfs", hasCommand("gensquashfs"));
const scratch = makeScratch("squashfs-commands");
const store = `${scratch}/store`;
const image = `${scratch}/image`;
const SQUASHFS = { type: "squashfs" } as const;

/** Runs a command; gives status and output. */
function run(command: "mkerofs" | "gensquashfs" | "mksquashfs", words: string[], env: Record<string, string> = {}) {
  const path = commandPath(command);
  const { SOURCE_DATE_EPOCH: _, ...rest } = process.env;
  const ran = spawnSync(process.execPath, [path, ...words], {
    cwd: scratch,
    encoding: "utf8",
    env: { ...rest, ...env },
  });
  return { status: ran.status, out: ran.stdout, err: ran.stderr };
}

const silent = { status: 0, out: "", err: "" };

/** Times are unsigned 32-bit seconds. */
function wholeSeconds(meta: ExpectedMeta): void {
  if (meta.mtimeNs !== undefined) meta.mtimeNs = (meta.mtimeNs / 1_000_000_000n) * 1_000_000_000n;
}

beforeAll(() => {
  makeRandomTree(`${store}/1aaa-glibc`, 1, 80);
  makeRandomTree(`${store}/2bbb-hello`, 2, 60);
  writeFileSync(`${store}/3ccc-builder.sh`, "echo hello\n", { mode: 0o555 });
  writeFileSync(`${scratch}/nix-path-registration`, "registration\n");
});

describe.skipIf(!kernel)("the command lines that are in use", () => {
  test("microvm.nix: ts-gensquashfs -c zstd -j 2 -D store --all-root -q IMAGE", async () => {
    expect(run("gensquashfs", ["-c", "zstd", "-j", "2", "-D", "store", "--all-root", "-q", image])).toEqual(silent);
    await withMount(
      image,
      (at) => {
        expect(compareTrees(store, at, { uid: 0, gid: 0, time: { sec: 0, nsec: 0 } })).toEqual([]);
        expect(lstatSync(at).mode).toBe(0o40755);
      },
      SQUASHFS,
    );
  });

  test("nixpkgs make-squashfs: ts-mksquashfs FILE PATH… IMAGE -no-hardlinks -keep-as-directory …", async () => {
    const paths = readdirSync(store).map((name) => `${store}/${name}`);
    const target = `${scratch}/nixpkgs.img`;
    const words = ["-no-hardlinks", "-keep-as-directory", "-all-root", "-b", "1048576"];
    words.push(..."-comp zstd -Xcompression-level 19 -processors 2 -root-mode 0755".split(" "));
    const ran = run("mksquashfs", ["nix-path-registration", ...paths, target, ...words], { SOURCE_DATE_EPOCH: "1" });
    expect(ran).toMatchObject({ status: 0, err: "" });
    const roots = [...paths, `${scratch}/nix-path-registration`];
    await withMount(
      target,
      (at) => {
        const expected = { roots, uid: 0, gid: 0, hardLinks: "copy", time: { sec: 1, nsec: 0 } } as const;
        // "clamp": what is not newer keeps its time, and nothing here is older
        expect(compareTrees(store, at, { ...expected, adjust: (meta) => clampTo(meta, 1n) })).toEqual([]);
        expect(lstatSync(at)).toMatchObject({ mode: 0o40755, mtimeMs: 1000 });
      },
      SQUASHFS,
    );
  });

  test("AppImage: ts-mksquashfs DIRECTORY IMAGE -offset 189632 -all-root -noappend …", async () => {
    writeFileSync(image, "what was there");
    const words = "-offset 189632 -all-root -noappend -no-progress -quiet -no-xattrs -no-fragments -comp zstd";
    expect(run("mksquashfs", ["store", image, ...words.split(" ")])).toEqual(silent);
    expect(readFileSync(image).subarray(0, 189_632).equals(Buffer.alloc(189_632))).toBe(true);
    const expected = { uid: 0, gid: 0, adjust: wholeSeconds };
    const mount = { ...SQUASHFS, offset: 189_632 };
    expect(await withMount(image, (at) => compareTrees(store, at, expected), mount)).toEqual([]);
  });

  test("ts-mkerofs --format=squashfs, of a directory and of a closure, to a file and to a pipe", async () => {
    expect(run("mkerofs", ["--quiet", "--format=squashfs", "-b64k", "-zgzip,6", image, "store"])).toEqual(silent);
    expect(await withMount(image, (at) => compareTrees(store, at, { adjust: wholeSeconds }), SQUASHFS)).toEqual([]);
    const paths = readdirSync(store).map((name) => `${store}/${name}`);
    const ran = run("mkerofs", ["--format=squashfs", "-zlz4", image, ...paths]);
    expect(ran).toMatchObject({ status: 0, err: "" });
    expect(ran.out).toContain("Needs:        Linux 3.19");
    const command = `"${process.execPath}" dist/cli/mkerofs/main.js --format=squashfs -zlz4 - ${paths.join(" ")}`;
    const piped = spawnSync("sh", ["-c", command], { maxBuffer: 1 << 28 });
    expect(piped.stdout.equals(readFileSync(image))).toBe(true);
  });
});

function clampTo(meta: ExpectedMeta, sec: bigint): void {
  if (meta.mtimeNs !== undefined && meta.mtimeNs > sec * 1_000_000_000n) meta.mtimeNs = sec * 1_000_000_000n;
}

const PACK = `# all kinds
dir /dev 0700 1 2
nod /dev/console 0600 0 0 c 5 1
nod /dev/disk 0600 0 0 b 259 300
slink /lib 0777 0 0 /usr/lib
link /init 0 0 0 /sbin/init
link /again 0 0 0 /init
file /sbin/init 0755 3 4 nix-path-registration
file "/opt/my app/data" 0600 5 6 store/3ccc-builder.sh
file /nix-path-registration 0644 0 0
pipe /p 0600 1 1
sock /s 0640 1 1
glob /glob * 9 * -type d store
glob /glob 0444 * 9 -type f store
`;

describe.skipIf(!kernel)("pack files", () => {
  const list = `${scratch}/pack`;
  beforeAll(() => writeFileSync(list, PACK));

  test("are packed as they say", async () => {
    const words = ["-F", "pack", "-d", "mode=0750,uid=7,mtime=99", "-c", "lz4", "-X", "hc", "-e", "-f", "-q", image];
    expect(run("gensquashfs", words)).toEqual(silent);
    await withMount(
      image,
      (at) => {
        const stat = (path: string) => {
          const { mode, uid, gid, mtimeMs, nlink } = lstatSync(`${at}/${path}`);
          return [mode.toString(8), uid, gid, mtimeMs / 1000, nlink];
        };
        expect(stat("")).toEqual(["40750", 7, 0, 99, 6]);
        expect(stat("dev")).toEqual(["40700", 1, 2, 99, 2]);
        expect(stat("opt/my app")).toEqual(["40750", 7, 0, 99, 2]);
        expect(stat("init")).toEqual(["100755", 3, 4, 99, 3]);
        expect(stat("p")).toEqual(["10600", 1, 1, 99, 1]);
        expect(stat("s")).toEqual(["140640", 1, 1, 99, 1]);
        expect(stat("glob/3ccc-builder.sh")).toEqual(["100444", 0, 9, 99, 1]);
        expect(lstatSync(`${at}/dev/disk`).rdev).toBe(lstatSync(`${at}/dev/disk`).rdev);
        expect(readlinkSync(`${at}/lib`)).toBe("/usr/lib");
        expect(readFileSync(`${at}/again`, "utf8")).toBe("registration\n");
        expect(readFileSync(`${at}/opt/my app/data`, "utf8")).toBe("echo hello\n");
        const files = describeTree(store, { contents: true }).filter(({ kind }) => kind === "file");
        const packed = describeTree(`${at}/glob`, { contents: true }).filter(({ kind }) => kind === "file");
        const contents = (found: typeof files) => found.map((one) => [`${one.path}`, one.contents?.length, one.size]);
        expect(contents(packed)).toEqual(contents(files));
      },
      SQUASHFS,
    );
  });

  test.skipIf(!gensquashfs)("give the tree that gensquashfs makes of them", async () => {
    const theirs = `${scratch}/theirs`;
    const words = ["-F", "pack", "-d", "mode=0750,uid=7,mtime=99", "-f", "-q"];
    // version 1.2 resolves no link to a link, and looks for globbed files under their paths in the image
    writeFileSync(list, PACK.replace(/^(?:link \/again|glob).*\n/gm, ""));
    const peer = spawnSync("gensquashfs", [...words, "-c", "gzip", theirs], { cwd: scratch, encoding: "utf8" });
    expect(peer).toMatchObject({ status: 0, stderr: "" });
    expect(run("gensquashfs", [...words, image])).toEqual(silent);
    writeFileSync(list, PACK);
    const differences = await withMount(theirs, (a) => withMount(image, (b) => compareTrees(a, b), SQUASHFS), SQUASHFS);
    expect(differences).toEqual([]);
  });

  test("are the same image for 1 and 3 threads, and a source of EROFS images too", async () => {
    const images: Buffer[] = [];
    for (const workers of [1, 3]) {
      await buildSquashfs(packFile(list), image, { compressor: "lz4", workers });
      images.push(readFileSync(image));
    }
    expect(images[1]!.equals(images[0]!)).toBe(true);
    const other = `${scratch}/erofs.img`;
    await buildErofs(packFile(list), other, {});
    if (!erofs) return;
    const differences = await withMount(image, (a) => withMount(other, (b) => compareTrees(a, b)), SQUASHFS);
    expect(differences).toEqual([]);
  });

  test.each([
    ["file /a 0644 0 0 not-there", "pack:1: not-there: no such file or directory", "not-there"],
    ["dir /a 0 0 0\ndir /a 0 0 0", "pack:2: /a: is given twice", "/a"],
    ["link /a 0 0 0 /b", "pack:1: there is no /b to link to", ""],
    ["link /a 0 0 0 /b\nlink /b 0 0 0 /a", "pack:1: the link leads to itself", ""],
    ["pipe /a 0 0 0\ndir /a/b 0 0 0", "pack:2: /a/b: lies below an entry that is no directory", ""],
    ["file /a 0644 0 0 store", "store: not a regular file", ""],
  ])("%j is an error", (text, message) => {
    writeFileSync(list, text);
    const ran = run("gensquashfs", ["-F", "pack", "-f", "-q", `${scratch}/none.img`]);
    writeFileSync(list, PACK);
    expect(ran.status).toBe(1);
    expect(ran.err).toContain(message);
    expect(existsSync(`${scratch}/none.img`)).toBe(false);
  });
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

  const shell = (line: string) => {
    const path = commandPath("mksquashfs");
    const command = `"${process.execPath}" ${path} ${line}`;
    const ran = spawnSync("sh", ["-c", command], { cwd: scratch, encoding: "utf8" });
    return { status: ran.status, out: ran.stdout, err: ran.stderr };
  };

  test("pseudo files are added to a directory", async () => {
    expect(shell(`store ${image} -noappend -quiet -comp lz4 ${pseudo.join(" ")} -root-uid 5 -root-time 9`)).toEqual(
      silent,
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
    ).toEqual(silent);
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
    expect(run("mksquashfs", words)).toEqual(silent);
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
    const list = async (words: string) => {
      expect(shell(`${words.replace("IMAGE", `${image} -noappend -quiet -comp lz4`)}`)).toEqual(silent);
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
    expect(await list("excludes IMAGE -e a/b top.txt nothing")).toEqual(without("a/b", "a/b/y.gz", "top.txt"));
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
    expect(shell(`store ${image} -noappend -quiet -comp lz4 -no-fragments`)).toEqual(silent);
    const plain = readFileSync(image);
    expect(shell(`store ${image} -noappend -quiet -comp lz4 -no-fragments -sort priorities`)).toEqual(silent);
    expect(readFileSync(image).equals(plain)).toBe(false);
    // directly behind the superblock and the options of lz4
    expect(readFileSync(image).indexOf("echo hello\n")).toBe(96 + 10);
    expect(await withMount(image, (at) => compareTrees(store, at, { adjust: wholeSeconds }), SQUASHFS)).toEqual([]);
    writeFileSync(`${scratch}/sort`, "-5 [glob,dont_compress,dont_fragment] 3*\n");
    expect(run("gensquashfs", ["-D", "store", "-S", "sort", "-f", "-q", "-k", image])).toEqual(silent);
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

  test("attribute lists", async () => {
    writeFileSync(`${scratch}/xattrs`, '# file: 3ccc-builder.sh\nuser.a="b"\n\n# file: 1aaa-glibc\ntrusted.x=0x00\n');
    expect(run("gensquashfs", ["-D", "store", "-A", "xattrs", "-f", "-q", image])).toEqual(silent);
    await withMount(
      image,
      (at) => {
        const dump = runChecker("getfattr", ["-d", "-m", "-", "--absolute-names", `${at}/3ccc-builder.sh`]);
        expect(dump.output).toContain('user.a="b"');
      },
      SQUASHFS,
    );
    writeFileSync(`${scratch}/xattrs`, '# file: nowhere\nuser.a="b"\n');
    expect(run("gensquashfs", ["-D", "store", "-A", "xattrs", "-f", "-q", image])).toMatchObject({
      status: 1,
      err: "ts-gensquashfs: xattrs:1: nowhere is not in the image\n",
    });
  });
});

describe("what cannot be done is said", () => {
  test.each([
    [
      "gensquashfs",
      "-D store -x out",
      2,
      "-x: attributes of files cannot be read; --xattr-file and --selinux can give them",
    ],
    ["gensquashfs", "-D store -c xz out", 2, "-c xz: not supported yet"],
    ["gensquashfs", "-D store -c zip out", 2, '-c: "zip" is none of gzip, lz4, zstd'],
    ["gensquashfs", "-D store -X foo out", 2, '-X: "foo" is no option of zstd here: level=1..22'],
    ["gensquashfs", "-D store -b 5000 out", 2, "-b: 5000 is not a power of two"],
    ["gensquashfs", "-D store -d mode=9 out", 2, '-d: "mode=9" is none of uid=N, gid=N, mode=OCTAL, mtime=SECONDS'],
    ["gensquashfs", "out", 2, "one of --pack-file and --pack-dir is needed"],
    ["gensquashfs", "-D store", 2, "the name of the image is missing"],
    ["gensquashfs", "-D nowhere out", 1, "nowhere: no such file or directory"],
    ["gensquashfs", "-F nowhere out", 1, "nowhere: no such file or directory"],
    [
      "gensquashfs",
      "-D store nix-path-registration",
      1,
      "nix-path-registration: is there already (--force overwrites it)",
    ],
    ["mksquashfs", "store", 2, "SOURCE and DEST are needed, in front of options"],
    ["mksquashfs", "store out -comp xz", 2, "-comp xz: not supported yet"],
    ["mksquashfs", "store out -comp zstd -Xdict-size 100%", 2, "-Xdict-size: is no option of zstd"],
    ["mksquashfs", "store out -odd", 2, "-odd: unknown option"],
    ["mksquashfs", "store out -b", 2, "-b: needs an argument"],
    ["mksquashfs", "store out odd", 0, ""],
    ["mksquashfs", "store out -noappend odd", 2, '"odd": sources and the image stand in front of options'],
    ["mksquashfs", "store out -action x", 2, "-action: actions are not supported"],
    ["mksquashfs", "store out -xattrs", 2, "-xattrs: attributes of files cannot be read; pseudo files can give them"],
    ["mksquashfs", "store out -root-mode 9", 2, '-root-mode: "9" is no mode, neither octal nor as u+rwX,go=u'],
    ["mksquashfs", "nowhere out2", 1, "nowhere: no such file or directory"],
    ["mksquashfs", "store out2 -pf nowhere", 1, "nowhere: no such file or directory"],
    ["mksquashfs", "store out2 -p x", 1, "-p: the type is missing"],
    ["mksquashfs", "store out2 -sort nowhere", 1, "nowhere: no such file or directory"],
    [
      "mksquashfs",
      "store nix-path-registration",
      1,
      "nix-path-registration: is there already, and appending is not supported (-noappend overwrites it)",
    ],
  ] as const)("ts-%s %s: %d", (command, line, status, message) => {
    if (status === 0) return;
    const ran = run(command, line.split(" "));
    const hint = status === 2 ? `Try 'ts-${command} --help' for more information.\n` : "";
    expect(ran).toEqual({ status, out: "", err: `ts-${command}: ${message}\n${hint}` });
    expect(existsSync(`${scratch}/out2`)).toBe(false);
  });

  test("SOURCE_DATE_EPOCH and options for times exclude each other", () => {
    const ran = run("mksquashfs", ["store", "out2", "-all-time", "5"], { SOURCE_DATE_EPOCH: "1" });
    expect(ran).toMatchObject({ status: 2 });
  });

  test("help and version", () => {
    for (const command of ["gensquashfs", "mksquashfs"] as const) {
      const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
      const dash = command === "gensquashfs" ? "--" : "-";
      expect(run(command, [`${dash}version`])).toEqual({ status: 0, out: `ts-${command} ${version}\n`, err: "" });
      expect(run(command, [`${dash}help`])).toMatchObject({ status: 0, err: "" });
      expect(statSync(commandPath(command)).mode & 0o111).toBe(0o111);
    }
  });
});
