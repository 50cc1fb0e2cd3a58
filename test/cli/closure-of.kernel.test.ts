/** --closure-of, judged by Nix: the closure is the one that `nix-store -qR` lists, and the image is the same. */
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildCommandName, runCommand, SILENT } from "../helpers/commands.ts";
import { canMountSquashfs, withMount } from "../helpers/mount.ts";
import { askNix, askSqlite } from "../helpers/nix/judges.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const HAS_JUDGES = oracle("nix-store", hasCommand("nix-store")) && oracle("sqlite3", hasCommand("sqlite3"));
const scratch = makeScratch("nix-closure-of");
const root = join(scratch, "root");
const database = join(root, "nix/var/nix/db/db.sqlite");
const inStore = (path: string) => join(root, path);

/** Three paths, each of which names the one before it, and one that nothing names. */
const EXPRESSION = `
  let make = name: text: builtins.toFile name text;
      first = make "first" "nothing";
      second = make "second" "see \${first}";
      third = make "third" "see \${second}";
  in [ third (make "other" "alone") ]`;

describe.skipIf(!HAS_JUDGES)("--closure-of", () => {
  let [third, other] = ["", ""];
  let listed: string[] = [];
  beforeAll(() => {
    mkdirSync(join(root, "nix/store"), { recursive: true });
    const made = askNix(root, [
      "nix-instantiate",
      "--eval",
      "--strict",
      "--json",
      "--read-write-mode",
      "-E",
      EXPRESSION,
    ]);
    [third, other] = JSON.parse(made) as [string, string];
    listed = askNix(root, ["nix-store", "-qR", third]).trim().split("\n");
    expect(listed).toHaveLength(3);
    writeFileSync(join(scratch, "paths"), listed.map((path) => `${inStore(path)}\n`).join(""));
  });

  /** Makes an image of the roots by a command; gives it. */
  function make(name: BuildCommandName, image: string, roots: readonly string[], from = database): Buffer {
    const paths = roots.map(inStore);
    const words = {
      mkerofs: ["--closure-of", "--quiet", `--nix-db-from=${from}`, image, ...paths],
      mksquashfs: [...paths, image, "-closure-of", "-nix-db-from", from, "-noappend", "-quiet", "-comp", "zstd"],
      gensquashfs: ["--closure-of", `--nix-db-from=${from}`, "-f", "-q", image, ...paths],
    }[name];
    expect(runCommand(scratch, name, words)).toEqual(SILENT);
    return readFileSync(join(scratch, image));
  }

  test("makes the image that the list of nix-store makes", () => {
    const words = ["--quiet", "--closure=paths", "list.erofs"];
    expect(runCommand(scratch, "mkerofs", words)).toEqual(SILENT);
    const list = readFileSync(join(scratch, "list.erofs"));
    expect(make("mkerofs", "one.erofs", [third]).equals(list)).toBe(true);
    expect(make("mkerofs", "all.erofs", listed).equals(list)).toBe(true);
    expect(make("mkerofs", "more.erofs", [third, other]).equals(list)).toBe(false);
  });

  test("makes it in the other commands too, with Nix's policy", () => {
    const policy = ["-all-root", "-all-time", "0", "-no-hardlinks", "-root-mode", "755", "-keep-as-directory"];
    const words = [...listed.map(inStore), "list.squashfs", ...policy, "-quiet", "-comp", "zstd"];
    expect(runCommand(scratch, "mksquashfs", words)).toEqual(SILENT);
    const list = readFileSync(join(scratch, "list.squashfs"));
    expect(make("mksquashfs", "mk.squashfs", [third]).equals(list)).toBe(true);
    const gen = make("gensquashfs", "gen.squashfs", [third]);
    expect(gen.equals(make("gensquashfs", "gen.squashfs", listed))).toBe(true);
    expect(gen.equals(make("gensquashfs", "gen.squashfs", [other]))).toBe(false);
  });

  test("sees what is in the log only, as long as the database is open, and leaves no file beside it", () => {
    const copy = join(scratch, "copy.sqlite");
    // the store is as Nix leaves it, in WAL mode: a path that comes and goes while others have it open
    const steps = [
      "PRAGMA wal_autocheckpoint = 0",
      `DELETE FROM Refs WHERE referrer = (SELECT id FROM ValidPaths WHERE path = '${third}')`,
      `.shell cp ${database} ${copy}; cp ${database}-wal ${copy}-wal`,
      `INSERT INTO Refs SELECT a.id, b.id FROM ValidPaths a, ValidPaths b WHERE a.path = '${third}' AND b.path LIKE '%-second'`,
    ];
    expect(askSqlite(database, "PRAGMA journal_mode")).toBe("wal\n");
    askSqlite(database, ...steps);
    const before = readFileSync(`${copy}-wal`);
    expect(statSync(`${copy}-wal`).size).toBeGreaterThan(0);
    const alone = make("mkerofs", "alone.erofs", [third], copy);
    expect(alone.equals(make("mkerofs", "all.erofs", [third]))).toBe(false);
    expect(existsSync(`${copy}-shm`)).toBe(false);
    expect(readFileSync(`${copy}-wal`).equals(before)).toBe(true);
  });

  /** What the database of an image says, and the links below it. */
  const know = (image: string) =>
    withMount(
      join(scratch, image),
      (mounted) => {
        const folder = join(mounted, "nix/var/nix");
        const links = readdirSync(join(folder, "gcroots")).map((name) => readlinkSync(join(folder, "gcroots", name)));
        return {
          links,
          dump: askSqlite(join(folder, "db/db.sqlite"), ".dump"),
          paths: readdirSync(join(mounted, "nix/store")),
        };
      },
      { type: "squashfs" },
    );

  test.skipIf(!oracle("kernel with squashfs", canMountSquashfs()))(
    "makes the same database in all commands",
    async () => {
      const run = (name: BuildCommandName, ...words: string[]) =>
        expect(runCommand(scratch, name, words)).toEqual(SILENT);
      const from = [
        "--closure-of",
        `--nix-db-from=${database}`,
        "--store-dir=/nix/store",
        "--nix-db",
        "--gcroot=image",
      ];
      run("mkerofs", "--format=squashfs", "--quiet", ...from, "db-1.squashfs", inStore(third));
      run("gensquashfs", "-q", ...from, "db-2.squashfs", inStore(third));
      const path = "nix/var/nix/db/db.sqlite";
      const mk = [
        "-closure-of",
        "-nix-db-from",
        database,
        "-store-dir",
        "/nix/store",
        "-nix-db",
        path,
        "-gcroot",
        "image",
        "-quiet",
      ];
      run("mksquashfs", inStore(third), "db-3.squashfs", ...mk);
      const [first, ...others] = await Promise.all([1, 2, 3].map((nr) => know(`db-${nr}.squashfs`)));
      expect(first!.links.sort()).toEqual([third, "/nix/var/nix/profiles"]);
      expect(first!.paths).toEqual(listed.map((each) => basename(each)).sort());
      for (const other of others) expect(other).toEqual(first);

      // what else is done to the tree is part of what the database says
      const changed = `nix/store/${basename(third)}`;
      run("mksquashfs", inStore(third), "db-4.squashfs", ...mk, "-p", `${changed} m 555 0 0`);
      const { dump } = await know("db-4.squashfs");
      const hashOf = (text: string) => new RegExp(`'${third}','sha256:(\\w+)'`).exec(text)?.[1];
      expect(hashOf(dump)).toMatch(/^[0-9a-f]{64}$/);
      expect(hashOf(dump)).not.toBe(hashOf(first!.dump));
      // and one that another refers to cannot go
      const gone = runCommand(scratch, "mksquashfs", [
        inStore(third),
        "x.squashfs",
        ...mk,
        "-action",
        "prune@name(*-first)",
      ]);
      expect(gone).toMatchObject({
        status: 1,
        err: expect.stringMatching(/-second refers to .*-first, which is not in the closure/),
      });
    },
  );

  test("names a path that is not valid, and what it cannot be together with", () => {
    const answer = (...words: string[]) => runCommand(scratch, "mkerofs", words).err;
    const lost = inStore(`/nix/store/${"0".repeat(32)}-lost`);
    writeFileSync(lost, "");
    const invalid = answer("--closure-of", `--nix-db-from=${database}`, "x.erofs", inStore(third), lost);
    expect(invalid).toContain(`-lost: is not valid in ${database}\n`);
    expect(existsSync(join(scratch, "x.erofs"))).toBe(false);
    expect(answer("--closure-of", "--closure=paths", "x.erofs", third)).toContain("--closure-of");
    expect(answer("--closure-of", "x.erofs")).toContain("SOURCE is missing");
    const gen = (...words: string[]) => runCommand(scratch, "gensquashfs", words);
    expect(gen("--closure-of", "x.squashfs").err).toContain("PATH is missing");
    expect(gen("--closure-of", "-D", ".", "x.squashfs", third).err).toContain("--closure-of");
    expect(gen("-D", ".", "x.squashfs", third)).toMatchObject({ status: 2 });
    const mk = (...words: string[]) => runCommand(scratch, "mksquashfs", words);
    expect(mk(third, "x.squashfs", "-closure-of", "-no-strip").err).toContain("-closure-of");
    expect(mk("-", "x.squashfs", "-closure-of").err).toContain("-closure-of");
  });
});
