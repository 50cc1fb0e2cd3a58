/** Images judged by the Linux kernel (mount) and by fsck.erofs. Needs root; guard with {@link canMountErofs}. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How {@link withMount} mounts. */
export interface MountOptions {
  /** Default: `erofs`. */
  type?: "erofs" | "squashfs" | undefined;
  /** Bytes before the image in its file (loop only). */
  offset?: number | undefined;
  /**
   * `loop`: a loop device, which is what mount(8) makes even of a plain `mount IMG DIR`. `file`: the kernel's own
   * file-backed mount (Linux 6.12), asked for by mount(2) through perl; not of a file on tmpfs, which the kernel
   * refuses with ENOTBLK. Default: `loop`.
   */
  backing?: "loop" | "file" | undefined;
  /** Further mount options of the filesystem, such as `user_xattr` (loop only). */
  mountOptions?: string | undefined;
}

/** What a checker said. */
export interface FsckResult {
  ok: boolean;
  output: string;
}

const mounted = new Set<string>();
let erofsWorks: boolean | undefined;

/** Whether this process can mount EROFS images: Linux, root, a kernel with erofs, and a one-block image does mount. */
export function canMountErofs(): boolean {
  erofsWorks ??= process.platform === "linux" && process.getuid?.() === 0 && hasFilesystem("erofs") && tryMount();
  return erofsWorks;
}

/** Whether this process can mount SquashFS images: Linux, root, and a kernel with squashfs. */
export function canMountSquashfs(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0 && hasFilesystem("squashfs");
}

/** Whether the kernel knows a filesystem, after its module has been asked for. */
export function hasFilesystem(type: string): boolean {
  const known = () =>
    existsSync("/proc/filesystems") && new RegExp(`\\b${type}$`, "m").test(readFileSync("/proc/filesystems", "latin1"));
  if (known()) return true;
  spawnSync("modprobe", [type]);
  return known();
}

/**
 * Mounts `image` read-only, hands the mount point to `fn`, and always unmounts and removes the mount point.
 * A refused mount throws with the kernel's last messages.
 */
export async function withMount<T>(
  image: string,
  fn: (dir: string) => T | Promise<T>,
  options: MountOptions = {},
): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "mkerofs-mount-"));
  try {
    mountAt(image, dir, options);
  } catch (error) {
    rmdirSync(dir);
    throw error;
  }
  try {
    return await fn(dir);
  } finally {
    await unmount(dir);
  }
}

/** Makes a file a loop device, hands its path to `fn`, and always takes it away again. */
export async function withLoop<T>(
  file: string,
  fn: (device: string) => T | Promise<T>,
  access: "ro" | "rw" = "ro",
): Promise<T> {
  const run = spawnSync("losetup", ["-f", "--show", ...(access === "ro" ? ["-r"] : []), file], { encoding: "latin1" });
  if (run.status !== 0) throw new Error(`losetup ${file}: ${run.stderr}`);
  const device = run.stdout.trim();
  try {
    return await fn(device);
  } finally {
    spawnSync("losetup", ["-d", device]);
  }
}

/** The last lines of the kernel log, those about mounts and block devices only. */
export function mountMessage(lines = 8): string {
  const log = spawnSync("dmesg", [], { encoding: "latin1", maxBuffer: 1 << 26 }).stdout ?? "";
  return log
    .split("\n")
    .filter((line) => /erofs|squashfs|loop\d|I\/O error/i.test(line))
    .slice(-lines)
    .join("\n");
}

/**
 * Runs fsck.erofs (Debian's 1.5 knows no 48BIT, chunk-with-device or newer codecs than LZ4), with `extract` also
 * unpacking into that new directory. Throws if the command is missing.
 */
export function fsckErofs(
  image: string,
  options: { extract?: string | undefined; command?: string | undefined } = {},
): FsckResult {
  const extract = options.extract === undefined ? [] : [`--extract=${options.extract}`, "--preserve"];
  return runChecker(options.command ?? "fsck.erofs", [...extract, image]);
}

/** Runs a checker to its end; `ok` is exit status 0. Throws if the command cannot be started. */
export function runChecker(command: string, args: readonly string[]): FsckResult {
  const run = spawnSync(command, args, { encoding: "latin1", maxBuffer: 1 << 28 });
  if (run.error !== undefined) throw run.error;
  const signal = run.signal === null ? "" : `\nkilled by ${run.signal}`;
  return { ok: run.status === 0, output: `${run.stdout}${run.stderr}${signal}`.trim() };
}

function mountAt(image: string, dir: string, options: MountOptions): void {
  const type = options.type ?? "erofs";
  const run = options.backing === "file" ? fileBacked(image, dir, type) : loopBacked(image, dir, type, options);
  if (run.status === 0) {
    if (mounted.size === 0) process.once("exit", unmountLeftovers);
    mounted.add(dir);
    return;
  }
  const why = `${run.error?.message ?? ""}${run.stdout ?? ""}${run.stderr ?? ""}`.trim();
  throw new Error(`${image} does not mount as ${type}: ${why}\nkernel log:\n${mountMessage()}`);
}

function loopBacked(image: string, dir: string, type: string, options: MountOptions) {
  const flags = ["ro", "loop"];
  if (options.offset !== undefined) flags.push(`offset=${options.offset}`);
  if (options.mountOptions !== undefined) flags.push(options.mountOptions);
  return spawnSync("mount", ["-t", type, "-o", flags.join(","), image, dir], { encoding: "latin1" });
}

/** mount(2) with MS_RDONLY; perl is part of every Debian, and Node cannot call it. */
function fileBacked(image: string, dir: string, type: string) {
  const number = { x64: 165, arm64: 40, riscv64: 40 }[process.arch as string];
  if (number === undefined) throw new Error(`file-backed mounts: number of mount(2) on ${process.arch} unknown`);
  const script = `my ($i, $d, $t) = @ARGV; exit 0 if syscall(${number}, $i, $d, $t, 1, 0) == 0; die "mount(2): $!\\n"`;
  return spawnSync("perl", ["-e", script, resolve(image), dir, type], { encoding: "latin1" });
}

async function unmount(dir: string): Promise<void> {
  let run = spawnSync("umount", [dir], { encoding: "latin1" });
  for (let attempt = 0; run.status !== 0 && attempt < 20; attempt++) {
    await sleep(50);
    run = spawnSync("umount", [dir], { encoding: "latin1" });
  }
  mounted.delete(dir);
  if (mounted.size === 0) process.removeListener("exit", unmountLeftovers);
  if (run.status !== 0) spawnSync("umount", ["-l", dir]);
  rmdirSync(dir);
  if (run.status !== 0) throw new Error(`umount ${dir}: ${run.stderr.trim()} (was unmounted lazily)`);
}

function unmountLeftovers(): void {
  for (const dir of mounted) {
    if (spawnSync("umount", ["-l", dir]).status === 0) rmdirSync(dir);
  }
}

function tryMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), "mkerofs-probe-"));
  const image = join(dir, "image");
  const point = mkdtempSync(join(dir, "point-"));
  try {
    writeFileSync(image, smallestImage());
    if (spawnSync("mount", ["-t", "erofs", "-o", "ro,loop", image, point]).status !== 0) return false;
    return spawnSync("umount", [point]).status === 0;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** One block by hand: a superblock and an empty root directory, nothing of the product. */
function smallestImage(): Buffer {
  const image = Buffer.alloc(4096);
  image.writeUInt32LE(0xe0f5e1e2, 1024); // magic
  image.writeUInt32LE(2, 1024 + 8); // feature_compat: mtime
  image.writeUInt8(12, 1024 + 12); // blkszbits
  image.writeUInt16LE(36, 1024 + 14); // root nid: 36 * 32 = 1152
  image.writeUInt32LE(1, 1024 + 16); // inos
  image.writeUInt32LE(1, 1024 + 36); // blocks
  const root = 1152;
  image.writeUInt16LE(4, root); // compact, inline data
  image.writeUInt16LE(0o40755, root + 4);
  image.writeUInt16LE(2, root + 6); // nlink
  image.writeUInt32LE(27, root + 8); // size
  image.writeUInt32LE(0xffffffff, root + 16);
  image.writeUInt32LE(1, root + 20); // ino
  for (const [index, nameoff] of [24, 25].entries()) {
    const entry = root + 32 + index * 12;
    image.writeUInt32LE(36, entry);
    image.writeUInt16LE(nameoff, entry + 8);
    image.writeUInt8(2, entry + 10);
  }
  image.write("...", root + 32 + 24, "latin1");
  return image;
}
