/** The examples of --help, as a shell runs them. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { MANUAL as GENSQUASHFS } from "../../src/cli/gensquashfs/manual.ts";
import { MANUAL as IMAGEFS } from "../../src/cli/imagefs/manual.ts";
import { MANUAL as MKEROFS } from "../../src/cli/mkerofs/manual.ts";
import { MANUAL as MKSQUASHFS } from "../../src/cli/mksquashfs/manual.ts";
import { formatHelp } from "../../src/cli/shared/manual/help.ts";
import { commandWords, runShell } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("cli-examples");

beforeAll(() => {
  for (const folder of ["bin", "rootfs/var/cache", "AppDir", "aaa-glibc", "bbb-hello"]) {
    mkdirSync(`${scratch}/${folder}`, { recursive: true });
    writeFileSync(`${scratch}/${folder}/file.o`, "contents");
  }
  writeFileSync(`${scratch}/store-paths`, `${scratch}/aaa-glibc\n${scratch}/bbb-hello\n`);
  makeStore("kmwlm9nmvszrcacs69fj7hwpvd7wwb5w-hello");
  writeFileSync(`${scratch}/files.txt`, "dir /dev 0755 0 0\n");
  writeFileSync(`${scratch}/file_contexts`, "/.* system_u:object_r:default_t:s0\n");
  const programs = {
    "nix-store": "cat store-paths",
    ssh: 'eval "$2"',
    "ts-gensquashfs": `exec ${commandWords("gensquashfs")} "$@"`,
    "ts-imagefs": `exec ${commandWords("imagefs")} "$@"`,
    "ts-mkerofs": `exec ${commandWords("mkerofs")} "$@"`,
    "ts-mksquashfs": `exec ${commandWords("mksquashfs")} "$@"`,
  };
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(`${scratch}/bin/${name}`, `#!/bin/sh\n${line}\n`);
    chmodSync(`${scratch}/bin/${name}`, 0o755);
  }
});

/** A store path that is an empty file, and a closureInfo folder that lists it. */
function makeStore(name: string): void {
  for (const folder of ["store", "closure-info"]) mkdirSync(`${scratch}/${folder}`, { recursive: true });
  writeFileSync(`${scratch}/store/${name}`, "");
  writeFileSync(`${scratch}/closure-info/store-paths`, `${scratch}/store/${name}\n`);
  writeFileSync(`${scratch}/closure-info/registration`, `/nix/store/${name}\n${"0".repeat(64)}\n112\n\n0\n`);
}

/** The commands of a help text, each as it is printed, in one line or several. */
function examplesOf(help: string): string[] {
  const [, examples = ""] = /^Examples:\n([\s\S]*?)\n\n/m.exec(help) ?? [];
  return examples
    .replaceAll("\\\n", "\\\0")
    .split("\n")
    .filter((line) => !line.startsWith("  #"))
    .map((line) => line.replaceAll("\0", "\n"));
}

const helps = [30, 120].flatMap((columns) => [
  ...[formatHelp(MKEROFS, columns), formatHelp(GENSQUASHFS, columns), formatHelp(MKSQUASHFS, columns)],
]);
const lines = new Set(helps.flatMap(examplesOf).map((line) => line.trim()));

test.each([...lines].map((line) => [line]))("%s", (line) => {
  expect(runShell(scratch, `PATH="$PWD/bin:$PATH"; rm -f *.erofs *.squashfs out; ${line}`).status).toBe(0);
  expect(readdirSync(scratch).filter((name) => /\.(?:erofs|squashfs)$|^out$/.test(name))).toHaveLength(1);
});

describe("of images that are there", () => {
  const looks = new Set(
    [30, 120].flatMap((columns) => examplesOf(formatHelp(IMAGEFS, columns))).map((line) => line.trim()),
  );

  beforeAll(() => {
    mkdirSync(`${scratch}/rootfs/etc`, { recursive: true });
    writeFileSync(`${scratch}/rootfs/etc/os-release`, "NAME=none\n");
    for (const words of ["mkerofs --quiet store.img", "mkerofs --quiet --format=squashfs root.squashfs"]) {
      const [name = "", ...rest] = words.split(" ");
      const line = `"$PWD/bin/ts-${name}" ${rest.join(" ")} rootfs`;
      expect(runShell(scratch, line)).toMatchObject({ status: 0, err: "" });
    }
  });

  test.each([...looks].map((line) => [line]))("%s", (line) => {
    const ran = runShell(scratch, `PATH="$PWD/bin:$PATH"; ${line}`);
    expect(ran).toMatchObject({ status: 0, err: "" });
    expect(ran.out).toMatch(/os-release|NAME=none/);
  });
});
