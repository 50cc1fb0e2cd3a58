/** Images whose Nix database is ready, judged by Nix itself in an overlay over the mounted image, as a guest has it. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { binaryCache, buildErofs, buildSquashfs, closure, nixClosureOf } from "../../../dist/index.js";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { askNix, askSqlite, loadRegistration } from "../../helpers/nix/judges.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const HAS_JUDGES =
  oracle("nix-store", hasCommand("nix-store")) &&
  oracle("sqlite3", hasCommand("sqlite3")) &&
  oracle("kernel with erofs", canMountErofs());
const scratch = makeScratch("nix-image");
const root = join(scratch, "root");
const database = join(root, "nix/var/nix/db/db.sqlite");
const options = { storeDir: "/nix/store", nixDatabase: true, gcroot: "image", workers: 2 } as const;
const builders = { erofs: buildErofs, squashfs: buildSquashfs };

/** A derivation that names a text, which names another. */
const EXPRESSION = `
  let first = builtins.toFile "first" "nothing"; second = builtins.toFile "second" "see \${first}";
  in derivation { name = "third"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ second ]; outputs = [ "out" "dev" ]; }`;

describe.skipIf(!HAS_JUDGES)("a ready database", () => {
  /** What nobody refers to, and the closure of both. */
  let tops: string[] = [];
  let paths: string[] = [];
  let registration = "";

  beforeAll(() => {
    mkdirSync(join(root, "nix/store"), { recursive: true });
    const derivation = askNix(root, ["nix-instantiate", "-E", EXPRESSION]).trim();
    // a folder that refers to what is there, and to itself
    const tool = `/nix/store/${"0123456789abcdfghijklmnpqrsvwxyz"}-tool`;
    const [second] = askNix(root, ["nix-store", "-q", "--references", derivation]).trim().split("\n");
    mkdirSync(join(root, tool, "bin"), { recursive: true });
    writeFileSync(join(root, tool, "bin/tool"), `#!/bin/sh\ncat ${second} ${tool}/empty\n`);
    writeFileSync(join(root, tool, "empty"), "");
    symlinkSync("bin/tool", join(root, tool, "link"));
    // as Nix leaves what it has built
    for (const name of ["bin/tool", "bin", ""]) chmodSync(join(root, tool, name), 0o555);
    chmodSync(join(root, tool, "empty"), 0o444);
    const hash = askNix(root, ["nix-hash", "--type", "sha256", join(root, tool)]).trim();
    const size = execFileSync("nix-store", ["--dump", join(root, tool)]).length;
    askNix(root, ["nix-store", "--load-db"], [tool, hash, size, "", 2, second, tool, ""].join("\n"));
    tops = [derivation, tool];
    paths = askNix(root, ["nix-store", "-qR", ...tops])
      .trim()
      .split("\n")
      .sort();
    expect(paths).toHaveLength(4);
    registration = askNix(root, ["nix-store", "--dump-db", ...paths]);
  });

  const source = () =>
    nixClosureOf(
      tops.map((path) => join(root, path)),
      { database },
    );
  const dump = (path: string) => askSqlite(path, ".dump");

  /** Does `work` on the mounted image, and on a guest's root that can be written to. */
  const inGuest = (image: string, type: "erofs" | "squashfs", work: (image: string, guest: string) => void) =>
    withMount(
      image,
      (mounted) => {
        const folders = ["upper", "work", "guest"].map((name) => join(scratch, name)) as [string, string, string];
        for (const folder of folders) mkdirSync(folder);
        const [upper, own, guest] = folders;
        const layers = `lowerdir=${mounted},upperdir=${upper},workdir=${own}`;
        execFileSync("mount", ["-t", "overlay", "-o", layers, "overlay", guest]);
        try {
          work(mounted, guest);
        } finally {
          execFileSync("umount", [guest]);
          for (const folder of folders) rmSync(folder, { recursive: true });
        }
      },
      { type },
    );

  test.each(["erofs", "squashfs"] as const)("%s: is a store that Nix verifies, asks and keeps", async (type) => {
    const image = join(scratch, `ready.${type}`);
    await builders[type](source(), image, options);
    await inGuest(image, type, (mounted, guest) => {
      expect(
        askNix(guest, ["nix-store", "-qR", ...tops])
          .trim()
          .split("\n")
          .sort(),
      ).toEqual([...paths].sort());
      expect(askNix(guest, ["nix-store", "--verify", "--check-contents"])).toBe("");
      expect(askNix(guest, ["nix-store", "--dump-db", ...paths])).toBe(registration);
      for (const query of ["--hash", "--size", "--references", "--referrers"])
        expect(askNix(guest, ["nix-store", "-q", query, ...paths])).toBe(
          askNix(root, ["nix-store", "-q", query, ...paths]),
        );
      const outputs = ["nix-store", "-q", "--outputs", tops[0]!];
      expect(askNix(guest, outputs)).toBe(askNix(root, outputs));
      const known = ["nix", "path-info", "-r", "-S", "--json", tops[1]!];
      const told = (where: string) => JSON.parse(askNix(where, known)) as Record<string, unknown>[];
      // a registration holds neither
      const untimed = (where: string) => told(where).map((info) => ({ ...info, registrationTime: 0, ca: "" }));
      expect(untimed(guest)).toEqual(untimed(root));
      expect(untimed(guest)).toHaveLength(3);
      askNix(guest, ["nix-collect-garbage"]);
      expect(
        askNix(guest, ["nix-store", "-qR", ...tops])
          .trim()
          .split("\n"),
      ).toHaveLength(paths.length);
      expect(askSqlite(join(mounted, "nix/var/nix/db/db.sqlite"), "PRAGMA integrity_check")).toBe("ok\n");
    });
  });

  test("is what nix-store --load-db makes of the same registration, but for the time", async () => {
    const image = join(scratch, "dump.erofs");
    await buildErofs(source(), image, { ...options, registration: true, timestamp: 1700000000 });
    await inGuest(image, "erofs", (mounted, guest) => {
      const given = readFileSync(join(mounted, "nix-path-registration"), "utf8");
      expect(given).toBe(registration);
      const ours = dump(join(mounted, "nix/var/nix/db/db.sqlite"));
      expect(ours).toContain(",1700000000,");
      rmSync(join(guest, "nix/var"), { recursive: true });
      const loaded = loadRegistration(guest, given);
      askSqlite(loaded, "UPDATE ValidPaths SET registrationTime = 1700000000");
      expect(ours).toBe(dump(loaded));
      expect(ours.match(/INSERT INTO DerivationOutputs/g)).toHaveLength(2);
    });
  });

  test("is the same by any source that knows as much, by any number of threads, and where the paths' hashes are found out", async () => {
    const list = join(scratch, "info");
    mkdirSync(list);
    writeFileSync(join(list, "store-paths"), paths.map((path) => `${join(root, path)}\n`).join(""));
    writeFileSync(join(list, "registration"), registration);
    const cache = join(scratch, "cache");
    const copy = ["nix", "copy", "--to", `file://${cache}?compression=none`, "--no-check-sigs"];
    askNix(root, [...copy, "--derivation", tops[0]!]);
    askNix(root, [...copy, tops[1]!]);
    const images: Buffer[] = [];
    const sources = [source(), closure(list), source(), binaryCache(cache, tops)];
    for (const [index, from] of sources.entries()) {
      const image = join(scratch, `same-${index}.erofs`);
      // a rule that changes nothing has the hashes of all paths computed
      const chmod = index === 2 ? [{ pattern: "none", mode: 0 }] : [];
      await buildErofs(from, image, { ...options, workers: index + 1, chmod });
      images.push(readFileSync(image));
    }
    expect(images.map((image) => image.equals(images[0]!))).toEqual([true, true, true, true]);
  });

  test("of paths of another store than that of the image is refused", async () => {
    const made = buildErofs(source(), join(scratch, "other.erofs"), { ...options, storeDir: "/gnu/store" });
    await expect(made).rejects.toThrow(/^\/nix\/store\/.*: is no path of \/gnu\/store, the store of the image$/);
  });

  test("keeps the paths that were asked for, whoever refers to them", async () => {
    const image = join(scratch, "roots.erofs");
    const roots = [tops[0]!, paths.find((path) => path.endsWith("-first"))!];
    await buildErofs(
      nixClosureOf(
        roots.map((path) => join(root, path)),
        { database },
      ),
      image,
      options,
    );
    await inGuest(image, "erofs", (mounted) => {
      const links = join(mounted, "nix/var/nix/gcroots/image");
      const targets = readdirSync(links).map((name) => readlinkSync(join(links, name)));
      expect(targets.sort()).toEqual(roots.sort());
    });
  });

  test("goes where it is told to; without a root the first collection leaves nothing; times begin with 1", async () => {
    const image = join(scratch, "elsewhere.erofs");
    const { gcroot: _, ...others } = options;
    await buildErofs(source(), image, { ...others, nixDatabase: "var/db/nix.sqlite" });
    await inGuest(image, "erofs", (mounted) => {
      const made = join(mounted, "var/db/nix.sqlite");
      expect(readFileSync(join(mounted, "var/db/schema"), "latin1")).toBe("10");
      expect(askSqlite(made, "SELECT DISTINCT registrationTime FROM ValidPaths")).toBe("1\n");
    });
    await buildErofs(source(), image, others);
    await inGuest(image, "erofs", (_, guest) => {
      askNix(guest, ["nix-collect-garbage"]);
      expect(askNix(guest, ["nix-store", "--dump-db"])).toBe("");
    });
  });
});
