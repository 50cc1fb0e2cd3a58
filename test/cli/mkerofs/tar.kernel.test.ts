/** Lines with `--tar` as others use them today, nixpkgs and container runtimes, and what comes of them through a mount. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { runCommand, SILENT } from "../../helpers/commands.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { pax, TAR_END, tarMember } from "../../helpers/tar/make-tar.ts";

const canMount = oracle("kernel EROFS mount", canMountErofs());
const hasTar = oracle("GNU tar", hasCommand("tar") && /GNU tar/.test(`${spawnSync("tar", ["--version"]).stdout}`));
const scratch = makeScratch("mkerofs-tar");
const COMMAND = `${process.execPath} ${new URL("../../../dist/cli/mkerofs/main.js", import.meta.url).pathname}`;
const run = (...words: string[]) => runCommand(scratch, "mkerofs", words);
const read = (name: string) => readFileSync(`${scratch}/${name}`);
const put = (name: string, ...parts: Buffer[]) =>
  writeFileSync(`${scratch}/${name}`, Buffer.concat([...parts, TAR_END]));

function sh(command: string): string {
  const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", command], {
    cwd: scratch,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
}

const UUID = "eb176051-bd15-49b7-9e6b-462e0b467019";
/** As nixpkgs has it (nixos/lib/erofs-store-image.nix), with another store and program. */
const pipeline = (store: string) => `
  tar --create \\
    --absolute-names \\
    --verbatim-files-from \\
    --transform 'flags=rSh;s|${store}/||' \\
    --transform 'flags=rSh;s|~nix~case~hack~[[:digit:]]\\+||g' \\
    --files-from store-paths \\
    | ${COMMAND} \\
      --quiet \\
      --force-uid=0 \\
      --force-gid=0 \\
      -L nix-store \\
      -U ${UUID} \\
      -T 0 \\
      --hard-dereference \\
      --tar=f \\
      image`;

beforeAll(() => {
  const [a, b] = ["0c7q5d50qkyzcflqg8j617xp4wiwp2n0-hello", "1zzxkf7khhrlrc67k1l57pzgpl4z7cn0-names"];
  for (const path of [`${a}/bin`, `${b}/share`]) mkdirSync(`${scratch}/store/${path}`, { recursive: true });
  writeFileSync(`${scratch}/store/${a}/bin/hello`, "#!/bin/sh\n".repeat(900), { mode: 0o555 });
  for (const name of ["FILE", "File~nix~case~hack~1", "file~nix~case~hack~12"])
    writeFileSync(`${scratch}/store/${b}/share/${name}`, name.slice(0, 4));
  sh(`ln store/${a}/bin/hello store/${b}/share/hard; ln -s ../share store/${b}/link`);
  writeFileSync(`${scratch}/store-paths`, `${scratch}/store/${a}\n${scratch}/store/${b}\n`);
});

describe.skipIf(!hasTar)("nixpkgs's line", () => {
  test("gives the image of the closure, names without the case hack", async () => {
    expect(sh(pipeline(`${scratch}/store`))).toBe("");
    expect(run("--quiet", "-L", "nix-store", "-U", UUID, "--closure=store-paths", "closure")).toEqual(SILENT);
    expect(read("image").equals(read("closure"))).toBe(true);
  });

  test.skipIf(!canMount)("is what Linux reads back", async () => {
    sh(pipeline(`${scratch}/store`));
    await withMount(`${scratch}/image`, (dir) => {
      const [, names] = sh(`ls ${dir}`).trim().split("\n");
      expect(sh(`ls ${dir}/${names}/share`)).toBe("FILE\nFile\nfile\nhard\n");
      expect(sh(`stat -c '%U %G %Y %h' ${dir}/${names}/share/hard`)).toBe("root root 0 1\n");
    });
  });
});

describe("layers of containers", () => {
  const file = (name: string, more = {}) => tarMember({ name, mtime: 100, ...more }, "x");
  beforeAll(() => {
    put(
      "layer.tar",
      tarMember({ name: "dir/", type: "5", mode: 0o711, mtime: 100 }),
      file("dir/.wh.gone", { mode: 0o600, uid: 7 }),
      file("dir/sub/.wh..wh..opq"),
      pax([["SCHILY.xattr.trusted.overlay.opaque", "y"]]),
      tarMember({ name: "opaque/", type: "5", mode: 0o755, mtime: 100 }),
      tarMember({ name: "opaque/device", type: "3", mtime: 100 }),
      file("dir/sub/kept"),
      file(".wh."),
    );
  });

  test.skipIf(!canMount)("with --aufs: whiteouts become those of overlayfs", async () => {
    const line = ["--tar=f", "--aufs", "--quiet", "-Enoinline_data", "-U", UUID];
    expect(run(...line, "aufs", "layer.tar")).toEqual(SILENT);
    const attributes = (path: string) =>
      sh(`getfattr --absolute-names -d -m - -e text ${path}`)
        .split("\n")
        .filter((word) => word.includes("="))
        .sort();
    await withMount(`${scratch}/aufs`, (dir) => {
      expect(sh(`cd ${dir}; find . -printf '%p %y %m %U\\n' | sort`)).toBe(
        [". d 755 0", "./.wh. f 644 0", "./dir d 711 0", "./dir/gone c 600 7", "./dir/sub d 755 0"]
          .concat("./dir/sub/kept f 644 0", "./opaque d 755 0", "./opaque/device c 644 0", "")
          .join("\n"),
      );
      expect(sh(`stat -c '%t:%T' ${dir}/dir/gone`)).toBe("0:0\n");
      expect(attributes(`${dir}/dir`)).toEqual(['trusted.overlay.origin=""']);
      expect(attributes(`${dir}/dir/sub`)).toEqual(['trusted.overlay.opaque="y"']);
      expect(attributes(`${dir}/opaque`)).toEqual(['trusted.overlay.opaque="y"']);
    });
  });

  test.skipIf(!canMount)("with --ovlfs-strip nothing of them is left; without --aufs files are files", async () => {
    expect(run("--tar", "--aufs", "--ovlfs-strip=1", "--quiet", "stripped", "layer.tar")).toEqual(SILENT);
    await withMount(`${scratch}/stripped`, (dir) => {
      expect(sh(`cd ${dir}; find . | sort`)).toBe(
        "./.wh.\n./dir\n./dir/sub\n./dir/sub/kept\n./opaque\n".replace(/^/, ".\n"),
      );
      expect(sh(`getfattr -R --absolute-names -d -m - ${dir}`)).toBe("");
    });
    expect(run("--tar", "--quiet", "files", "layer.tar")).toEqual(SILENT);
    await withMount(`${scratch}/files`, (dir) => {
      expect(sh(`cd ${dir}/dir; find . -type f | sort`)).toBe("./.wh.gone\n./sub/.wh..wh..opq\n./sub/kept\n");
    });
  });

  test("compressed, from a pipe, with a copy of what is in it, several in order", () => {
    expect(run("--tar=f", "-zlz4hc", "-C4096", "-T0", "-U", UUID, "--quiet", "plain", "layer.tar")).toEqual(SILENT);
    writeFileSync(`${scratch}/layer.tar.gz`, gzipSync(read("layer.tar")));
    const line = `--tar=f -zlz4hc -C4096 -T0 -U ${UUID} --quiet`;
    sh(`${COMMAND} ${line} --ungzip=copy piped < layer.tar.gz; cat layer.tar | ${COMMAND} ${line} --gzip dash -`);
    expect(read("piped").equals(read("plain"))).toBe(true);
    expect(read("dash").equals(read("plain"))).toBe(true);
    expect(read("copy").equals(read("layer.tar"))).toBe(true);
    put("more.tar", file("dir/sub/kept", { mode: 0o755 }));
    sh(`cat more.tar | ${COMMAND} ${line} twice layer.tar -`);
    expect(read("twice").equals(read("plain"))).toBe(false);
  });

  test("what is wrong is one line that names the archive and the member", () => {
    put("bad.tar", file("a/../../b"));
    expect(run("--tar", "bad", "bad.tar")).toEqual({
      ...{ status: 1, out: "" },
      err: "ts-mkerofs: bad.tar: a/../../b: a path may not hold ..\n",
    });
    writeFileSync(`${scratch}/cut.tar`, read("layer.tar").subarray(0, 3000));
    expect(run("--tar", "bad", "cut.tar").err).toBe(
      "ts-mkerofs: cut.tar: is cut off in or behind dir/sub/.wh..wh..opq (offset 2560)\n",
    );
    expect(spawnSync("bash", ["-c", `: | ${COMMAND} --tar bad`], { cwd: scratch, encoding: "utf8" }).stderr).toBe(
      "ts-mkerofs: standard input: is no tar archive: it is empty (offset 0)\n",
    );
    writeFileSync(`${scratch}/lz`, Buffer.from("LZIP\x01\x0c\0\0"));
    expect(run("--tar", "bad", "lz").err).toBe(
      "ts-mkerofs: lz: is compressed with lzip, which is not supported: gzip, zstd, xz, lzma are\n",
    );
  });
});
