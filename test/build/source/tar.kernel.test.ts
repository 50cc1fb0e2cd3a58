/** Tar archives as GNU tar, bsdtar and Python make them: each gives the image of the directory that it is from. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, readFileSync, rmSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  buildErofs,
  buildSquashfs,
  directory,
  type Source,
  type TarInput,
  tarStream,
} from "../../../dist/index.js";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const isRoot = process.getuid?.() === 0;
const hasTar = oracle("GNU tar", isRoot && hasCommand("tar") && /GNU tar/.test(run("tar --version").stdout));
const hasBsdtar = oracle("bsdtar", isRoot && hasCommand("bsdtar"));
const hasPython = oracle("Python", isRoot && hasCommand("python3"));
const scratch = makeScratch("tar");
const image = `${scratch}/image`;

function run(command: string) {
  return spawnSync("bash", ["-euc", command], { encoding: "utf8", maxBuffer: 1 << 26 });
}

/** Runs a command in the scratch folder, which must succeed. */
function sh(command: string): void {
  const { status, stderr } = run(`cd ${scratch}; ${command}`);
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}

async function hashOf(source: Source, options: BuildOptions = {}): Promise<string> {
  await buildErofs(source, image, options);
  return createHash("sha256").update(readFileSync(image)).digest("hex");
}

/** What every dialect can hold. */
const SIMPLE = `
  mkdir -p simple/dir/sub simple/empty; cd simple
  printf hello > file; : > nothing; head -c 100000 /dev/urandom > dir/large; chmod 4755 dir/large
  head -c 512 /dev/urandom > dir/block; head -c 513 /dev/urandom > dir/more
  ln file dir/hard; ln file dir/sub/hard; ln -s ../file dir/link; mkfifo -m 600 dir/fifo; chmod 1777 empty
  head -c 5000 /dev/zero > dir/zeros
  chown -h 5:6 file dir/link dir; find . -exec touch -h -d @1234567890 {} +`;

/** What only some can hold. */
const RICH = `
  cp -a simple rich; cd rich
  mknod char c 259 300; mknod block b 7 1048575
  chown 4294967294:3000000 dir/large; L=$(printf '%0200d' 0)
  mkdir -p $L/$L/$L; printf deep > $L/$L/$L/$L; ln -s $L/$L/$L/$L long; ln $L/$L/$L/$L hard
  printf bytes > $'name-\\xff'; printf space > ' a b '; printf line > $'a\\nb'
  truncate -s 3M sparse; printf x | dd of=sparse bs=1 seek=1000000 conv=notrunc status=none
  truncate -s 20M many; for i in $(seq 60); do printf data$i | dd of=many bs=1 seek=$((i * 300000)) conv=notrunc status=none; done
  truncate -s 5000 hole; cp --sparse=never dir/large full
  touch old far; find . -exec touch -h -d @1234567890 {} +; touch -d @-5 old; touch -d @17179869184 far`;

/** And what only POSIX's archives do. */
const FINE = `
  cp -a rich fine; cd fine; touch older; find . -exec touch -h -d @1234567890.987654321 {} +; touch -d @-1.5 old; touch -d @-0.000000001 older`;

const GNU = "tar --sort=none --no-recursion --null -T list";

beforeAll(() => {
  if (!isRoot) return;
  for (const tree of [SIMPLE, RICH, FINE]) sh(tree);
});

/** Packs a tree by a command that reads its members' names from `list`. */
function pack(tree: string, command: string): string {
  const archive = `${scratch}/${tree}.tar`;
  rmSync(archive, { force: true });
  sh(
    `cd ${tree}; find . -print0 > ../list; cd ..; (cd ${tree}; ${command.replaceAll("list", "../list").replaceAll("ARCHIVE", archive)})`,
  );
  return archive;
}

const PYTHON = (format: string) =>
  `python3 -c '
import os, sys, tarfile
with tarfile.open("ARCHIVE", "w", format=tarfile.${format}, errors="surrogateescape", encoding="utf-8") as tar:
    for name in open("list", "rb").read().split(b"\\0")[:-1]: tar.add(os.fsdecode(name), recursive=False)
'`;

/** Which archives leave something out: v7 has no FIFOs, and bsdtar writes another time for one before 1970 with a fraction. */
const LACKS: Readonly<Record<string, string[]>> = { v7: ["dir/fifo"], pax: ["old", "older"] };

const DIALECTS: readonly (readonly [trees: string, has: boolean, command: string])[] = [
  ["simple", hasTar, `tar --exclude=fifo ${GNU.slice(4)} --format=v7 -cf ARCHIVE`],
  ["simple", hasTar, `${GNU} --format=oldgnu -cf ARCHIVE`],
  ["simple", hasTar, `${GNU} --format=ustar -cf ARCHIVE`],
  ["simple", hasTar, `${GNU} --format=posix -cf ARCHIVE`],
  ["simple", hasBsdtar, "bsdtar --format=ustar -n --null -T list -cf ARCHIVE"],
  ["simple", hasBsdtar, "bsdtar --format=gnutar -n --null -T list -cf ARCHIVE"],
  ["simple", hasPython, PYTHON("USTAR_FORMAT")],
  ["rich", hasTar, `${GNU} --format=gnu -S -cf ARCHIVE`],
  ["rich", hasTar, `${GNU} --format=oldgnu -S -cf ARCHIVE`],
  ["rich", hasTar, `${GNU} --format=posix -S --sparse-version=1.0 -cf ARCHIVE`],
  ["fine", hasTar, `${GNU} --format=posix -S --sparse-version=0.0 -cf ARCHIVE`],
  ["fine", hasTar, `${GNU} --format=posix -S --sparse-version=0.1 -cf ARCHIVE`],
  ["fine", hasTar, `${GNU} --format=posix -S --sparse-version=1.0 -cf ARCHIVE`],
  ["fine", hasBsdtar, "bsdtar --format=pax -n --null -T list -cf ARCHIVE"],
];

describe("one image", () => {
  for (const [tree, has, command] of DIALECTS) {
    test.skipIf(!has)(`${tree}: ${command.replace(/ -n? ?--no-rec.*| -n --null.*/s, "").slice(0, 80)}`, async () => {
      const archive = pack(tree, command);
      const without = { exclude: LACKS[/--format=(\w+)/.exec(command)?.[1] ?? ""] ?? [] };
      const expected = await hashOf(directory(`${scratch}/${tree}`), without);
      expect(await hashOf(tarStream(archive), without)).toBe(expected);
    });
  }
});

describe.skipIf(!hasTar)("one image, whatever brings the archive", () => {
  const archive = () => pack("rich", `${GNU} --format=posix -S -cf ARCHIVE`);

  test("a file, a stream, bytes, a Blob, gzip; any number of threads, any format", async () => {
    const path = archive();
    const bytes = readFileSync(path);
    sh(`gzip -k -f ${path}; zstd -q -f ${path}`);
    const forms: (() => TarInput)[] = [
      () => createReadStream(path),
      () => createReadStream(path, { highWaterMark: 700 }),
      () => bytes,
      () => new Blob([bytes]),
      () => new Blob([bytes]).stream() as ReadableStream<Uint8Array>,
      () => `${path}.gz`,
      () => `${path}.zst`,
      () => createReadStream(`${path}.gz`),
    ];
    for (const compress of [undefined, { algorithm: "lz4" } as const]) {
      const expected = await hashOf(directory(`${scratch}/rich`), { compress });
      expect(await hashOf(tarStream(path), { compress, workers: 1 })).toBe(expected);
      for (const form of forms) expect(await hashOf(tarStream(form()), { compress, workers: 2 })).toBe(expected);
    }
    await buildSquashfs(directory(`${scratch}/rich`), `${scratch}/a.sqfs`);
    await buildSquashfs(tarStream(createReadStream(path)), `${scratch}/b.sqfs`);
    expect(readFileSync(`${scratch}/b.sqfs`).equals(readFileSync(`${scratch}/a.sqfs`))).toBe(true);
  });

  test("excludes, owners, times and modes are as of a directory", async () => {
    const path = archive();
    const options: BuildOptions = {
      ...{ owner: { uid: 7, gid: 8 }, timestamp: 1_234_567_000, times: "clamp", hardLinks: "copy" },
      exclude: ["dir/sub", "**/fifo"],
      chmod: [{ pattern: "dir/*", mode: "go-rwx" }],
    };
    const expected = await hashOf(directory(`${scratch}/rich`), options);
    expect(await hashOf(tarStream(path), options)).toBe(expected);
  });

  test("several in order, the later ones over the others", async () => {
    sh(`rm -rf over first.tar second.tar; mkdir over
      tar -C rich --format=posix -cf first.tar .
      mkdir -p more/dir more/new; printf changed > more/file; ln -s elsewhere more/dir/large; touch -h -d @1234567890 more/dir/large
      printf x > more/new/x; ln more/new/x more/new/y; tar -C more --format=posix -cf second.tar .
      tar -C over -xf first.tar; tar -C over -xf second.tar`);
    const expected = await hashOf(directory(`${scratch}/over`));
    expect(await hashOf(tarStream([`${scratch}/first.tar`, `${scratch}/second.tar`]))).toBe(expected);
  });
});
