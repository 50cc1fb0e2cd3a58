/** Zip archives as Info-ZIP, bsdtar and Python make them: each gives the image of the directory that it is from. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  buildErofs,
  buildSquashfs,
  directory,
  manifest,
  type Source,
  zipArchive,
} from "../../../dist/index.js";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { manifestOf } from "../../helpers/trees/manifest-of.ts";

const isRoot = process.getuid?.() === 0;
const withoutZip = !oracle("Info-ZIP", isRoot && hasCommand("zip"));
const withoutBsdtar = !oracle("bsdtar", isRoot && hasCommand("bsdtar"));
const withoutPython = !oracle("Python", isRoot && hasCommand("python3"));
const scratch = makeScratch("zip-kernel");
const tree = `${scratch}/tree`;
const image = `${scratch}/image`;

/** Runs a command in the scratch folder, which must succeed. */
function sh(command: string): void {
  const { status, stderr } = spawnSync("bash", ["-euc", command], {
    cwd: scratch,
    encoding: "utf8",
    env: { ...process.env, TZ: "UTC", LC_ALL: "C.UTF-8" },
  });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}

/** What every archive can hold: even seconds, which is all that DOS knows, and a root as a missing one is. */
const TREE = `
  mkdir -p tree/dir/sub tree/empty; cd tree
  printf hello > file; : > nothing; head -c 3000000 /dev/urandom > dir/large; seq 1 900000 > dir/sub/numbers
  for i in $(seq 300); do seq $i > dir/sub/$i; done
  head -c 5000 /dev/zero > dir/zeros; ln -s ../file dir/link; ln -s /nowhere/größe dangling; printf name > größe
  chmod 4755 dir/large; chmod 1777 empty; chmod 640 file; chmod 755 .
  find . -exec touch -h -d @1234567890 {} +`;

/** Python's zipfile follows links, and neither stores them nor owners. */
const PYTHON = `
import os, stat, sys, zipfile
os.chdir("tree")
with zipfile.ZipFile(sys.argv[1], "w", int(sys.argv[2])) as out:
    for folder, folders, files in os.walk("."):
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            if os.path.islink(path):
                link = zipfile.ZipInfo.from_file(folder, os.path.relpath(path))
                link.filename, link.external_attr = os.path.relpath(path), (stat.S_IFLNK | 0o777) << 16
                out.writestr(link, os.readlink(path))
            else:
                out.write(path)
`;

const ARCHIVES: readonly [name: string, isMissing: boolean, command: string][] = [
  ["zip -y", withoutZip, "cd tree; zip -qry ../a.zip ."],
  ["zip -y, stored", withoutZip, "cd tree; zip -qry0 ../a.zip ."],
  ["zip -y, from a pipe, so with 64 bits and behind descriptors", withoutZip, "cd tree; zip -qry - . | cat > ../a.zip"],
  ["bsdtar", withoutBsdtar, "bsdtar --format zip -cf a.zip -C tree ."],
  ["bsdtar, stored", withoutBsdtar, "bsdtar --format zip --options zip:compression=store -cf a.zip -C tree ."],
  ["Python", withoutPython, `python3 -c '${PYTHON}' ../a.zip 8`],
  ["Python, stored", withoutPython, `python3 -c '${PYTHON}' ../a.zip 0`],
];

const hash = () => createHash("sha256").update(readFileSync(image)).digest("hex");
const FORMS: readonly [string, (source: Source, options: Pick<BuildOptions, "workers">) => Promise<unknown>][] = [
  ["EROFS", (source, options) => buildErofs(source, image, options)],
  [
    "EROFS with LZ4HC",
    (source, options) => buildErofs(source, image, { ...options, compress: "lz4hc", fragments: "tails" }),
  ],
  ["SquashFS", (source, options) => buildSquashfs(source, image, options)],
];

/** Of the directory, by form. */
const expected = new Map<string, string>();

beforeAll(async () => {
  if (!isRoot) return;
  sh(TREE);
  for (const [form, build] of FORMS) {
    await build(directory(tree), { workers: 1 });
    expected.set(form, hash());
  }
});

test.skipIf(!isRoot)("a manifest gives the image of the directory", async () => {
  for (const [form, build] of FORMS) {
    await build(manifest(manifestOf(tree), { base: tree }), { workers: 3 });
    expect(hash(), form).toBe(expected.get(form));
  }
});

describe.each(ARCHIVES)("%s", (_, isMissing, command) => {
  test.skipIf(isMissing)("gives the image of the directory, with any number of threads", async () => {
    sh(`rm -f a.zip; ${command}`);
    for (const [form, build] of FORMS) {
      for (const workers of [1, 3]) {
        await build(zipArchive(`${scratch}/a.zip`), { workers });
        expect(hash(), `${form}, ${workers} threads`).toBe(expected.get(form));
      }
    }
  });
});

test.skipIf(withoutZip)("owners are there, and an archive with a password is refused", async () => {
  sh("mkdir owned; echo x > owned/file; chown 1000:70000 owned/file; touch -d @1234567890 owned/file owned");
  sh("(cd owned; zip -qry ../owned.zip .); zip -qP secret secret.zip owned/file");
  await buildErofs(directory(`${scratch}/owned`), image);
  const expected = hash();
  await buildErofs(zipArchive(`${scratch}/owned.zip`), image);
  expect(hash()).toBe(expected);
  await expect(buildErofs(zipArchive(`${scratch}/secret.zip`), image)).rejects.toMatchObject({
    code: "INPUT",
    message: `${scratch}/secret.zip: owned/file: is encrypted, which is not supported`,
  });
});
