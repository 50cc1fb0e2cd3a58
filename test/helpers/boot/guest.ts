/**
 * Guests: a real Linux in qemu, which emulates every instruction, so nothing of the host's kernel is needed and nobody has
 * to be root. A script runs in it as the first process, with busybox's shell; what it prints behind `@@ ` is handed back.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { type CpioEntry, makeCpio } from "./cpio.ts";
import { type GuestKernel, modulesFor } from "./kernel.ts";

/** What is in a guest, and what it does. */
export interface Guest {
  kernel: GuestKernel;
  /** Where files for it can be made. */
  scratch: string;
  /** Names of modules that are loaded; those of disks are so anyway. */
  modules: readonly string[];
  /** Programs of this machine that it has, with their libraries. */
  programs?: readonly string[];
  /** Files that are its disks, in order, to be read only: /dev/vda, /dev/vdb … */
  disks: readonly string[];
  /** Lines of shell. */
  script: string;
  /** Milliseconds that it may take. Default: 120,000, as most of them are emulated. */
  timeout?: number;
}

/** Where a guest has the disk of this number. */
export function diskPath(index: number): string {
  return `/dev/vd${String.fromCharCode(97 + index)}`;
}

/**
 * Boots a guest, waits until its script has ended, and gives its lines behind `@@ `. Throws with all that it said, if it
 * fails.
 */
export function bootGuest(guest: Guest): string[] {
  const { kernel, scratch, disks, timeout = 120_000 } = guest;
  const root = join(scratch, "guest.cpio");
  writeFileSync(root, makeRoot(guest));
  const drives = disks.flatMap((file) => ["-drive", `file=${file},format=raw,if=virtio,readonly=on`]);
  const words = [
    ...[
      "-accel",
      "tcg",
      "-cpu",
      "max",
      "-m",
      "512",
      "-display",
      "none",
      "-nodefaults",
      "-no-reboot",
      "-serial",
      "stdio",
    ],
    ...["-kernel", kernel.image, "-initrd", root, "-append", "console=ttyS0 quiet panic=-1"],
    ...drives,
  ];
  const run = spawnSync("qemu-system-x86_64", words, { encoding: "latin1", timeout, input: "" });
  const said = `${run.stdout}${run.stderr}`;
  const lines = said.split(/\r*\n/).flatMap((line) => line.match(/@@ (.*)$/)?.[1] ?? []);
  if (lines.pop() !== "end")
    throw new Error(`the guest has not come to its end (${run.error ?? run.status}):\n${said}`);
  return lines;
}

function makeRoot({ kernel, modules, programs = [], script }: Guest): Buffer {
  const loaded = modulesFor(kernel, ["virtio_pci", "virtio_blk", ...modules]);
  const init = [
    "#!/bin/busybox sh",
    "/bin/busybox --install -s /bin",
    "export PATH=/bin:/sbin",
    "mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev",
    ...loaded.map((module) => `insmod /modules/${basename(module)}`),
    script,
    "echo '@@ end'",
    "poweroff -f",
  ];
  const files = [which("busybox"), ...programs.map(which)];
  return makeCpio([
    ...["proc", "sys", "dev", "tmp", "mnt", "sbin", "run"].map((path) => ({ path })),
    { path: "init", contents: Buffer.from(`${init.join("\n")}\n`), isProgram: true },
    ...loaded.map((module) => ({ path: `modules/${basename(module)}`, contents: readFileSync(module) })),
    ...files.map((file) => program(`bin/${basename(file)}`, file)),
    ...[...new Set(files.flatMap(librariesOf))].map((file) => program(file.slice(1), file)),
  ]);
}

function program(path: string, file: string): CpioEntry {
  return { path, contents: readFileSync(file), isProgram: true };
}

/** Where this machine has a program. */
export function which(name: string): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const run = spawnSync("sh", ["-c", 'command -v "$1"', "sh", name], {
    encoding: "utf8",
    env: { PATH: folders.join(":") },
  });
  if (run.status !== 0) throw new Error(`${name} is not there`);
  return run.stdout.trim();
}

/** What the loader has to find for a program: none for one that is linked statically. */
export function librariesOf(file: string): string[] {
  const run = spawnSync("ldd", [file], { encoding: "utf8" });
  return [...run.stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
}
