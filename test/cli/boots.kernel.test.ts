/**
 * Linux boots in qemu with what a command made of a closure as a disk, has it as its store, reads all of it, runs programs
 * from there, and has Nix answer. A boot takes some seconds: those of `MORE` are made where TS_MKEROFS_BOOTS is `all` only.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { bootGuest, diskPath } from "../helpers/boot/guest.ts";
import { buildGuestStore, expectedOf, findStoreGuest, sayStore } from "../helpers/boot/store.ts";
import { type BuildCommandName, commandWords, runShell, SILENT } from "../helpers/commands.ts";
import { askSystemNix, type BuiltClosure } from "../helpers/nix/store.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

/** A command line that makes `IMAGE`, with what the guest is to know of it. */
interface Form {
  line: `${BuildCommandName} ${string}`;
  /** What its kernel is built with if it is to read the image: one that is not refuses it. */
  needs?: string;
  /**
   * Nix is asked, in an overlay: of a `root`, whose store is at /nix/store and whose database is ready, and of a `store`.
   * Both have a registration, which is loaded; a root is asked before that and afterwards.
   */
  nix?: "root" | "store";
}

const CLOSURE = "mkerofs --quiet --closure=store-paths";
const READY = "--closure-of --store-dir=/nix/store --nix-db --gcroot=system --registration";

/** Forms of each boot, by their names, which are labels where the format has some. */
const BOOTS: Record<string, Form>[] = [
  { plain: { line: `mkerofs --quiet -L plain ${READY} IMAGE result`, nix: "root" } },
  {
    lz4hc: {
      line: "mkerofs --quiet -zlz4hc -Eztailpacking -Efragments -T 0 --all-root -L lz4hc --mount-point=/nix/store IMAGE store",
    },
    // Linux 6.10 and later; before, it has to be refused, not misread
    zstd: { line: `${CLOSURE} -zzstd,level=15 -C65536 -L zstd IMAGE`, needs: "EROFS_FS_ZIP_ZSTD" },
  },
  {
    "squashfs-zstd": { line: "gensquashfs -c zstd -j 2 -D store --all-root -q IMAGE" },
    "squashfs-xz": {
      line: "mksquashfs nix-path-registration $(cat store-paths) IMAGE -quiet -no-progress -no-hardlinks -keep-as-directory -all-root -b 1048576 -comp xz -Xdict-size 100% -processors 2 -root-mode 0755",
      nix: "store",
    },
  },
];

const MORE: Record<string, Form>[] = [
  { dedupe: { line: `${CLOSURE} -zlz4 -Ededupe -C65536 -L dedupe IMAGE` } },
  { lzma: { line: `${CLOSURE} -zlzma -C65536 -L lzma IMAGE`, needs: "EROFS_FS_ZIP_LZMA" } },
  { deflate: { line: `${CLOSURE} -zdeflate -L deflate IMAGE`, needs: "EROFS_FS_ZIP_DEFLATE" } },
  { chunks: { line: `${CLOSURE} --chunksize=4096 -L chunks IMAGE` } },
  { "squashfs-gzip": { line: "mksquashfs $(cat store-paths) IMAGE -quiet -no-progress -all-root" } },
  { "squashfs-lz4": { line: "mksquashfs $(cat store-paths) IMAGE -quiet -no-progress -all-root -comp lz4 -Xhc" } },
  { "squashfs-lzo": { line: "gensquashfs -c lzo -D store --all-root -q IMAGE" } },
  { "squashfs-root": { line: `mkerofs --quiet --format=squashfs -zzstd ${READY} IMAGE result`, nix: "root" } },
];

/** Lies beside the store's paths where a line names it. */
const REGISTRATION = "nix-path-registration";

const scratch = makeScratch("boots");
const kernel = findStoreGuest();
const isThere = oracle("a guest's kernel, patchelf and Nix", kernel !== undefined);
let store: BuiltClosure;

beforeAll(() => {
  if (!isThere) return;
  store = buildGuestStore(scratch);
  mkdirSync(`${scratch}/store`);
  execFileSync("cp", ["-a", ...store.paths, `${scratch}/store`]);
  writeFileSync(`${scratch}/store-paths`, `${store.paths.join("\n")}\n`);
  writeFileSync(`${scratch}/${REGISTRATION}`, askSystemNix("nix-store", "--dump-db", ...store.paths), {
    mode: 0o444,
  });
});

const isSquashfs = ({ line }: Form) => line.includes("squash");

/** Lines of shell: mounts the image of a form, and says all of it, or why it does not mount. */
function sayForm(name: string, form: Form, index: number): string {
  const what = isSquashfs(form) ? `-t squashfs ${diskPath(index)}` : `-t erofs LABEL=${name}`;
  const [lower, over] = form.nix === "root" ? ["/image/nix", "/nix"] : ["/image", "/nix/store"];
  const layers = `lowerdir=${lower},upperdir=/over/upper,workdir=/over/work`;
  const at = form.nix === undefined ? "/nix/store" : "/image";
  return [
    `if mount -o ro ${what} ${at}; then`,
    form.nix === undefined ? "" : `mount -t overlay -o ${layers} overlay ${over}`,
    sayStore(name, store.top),
    form.nix === "root"
      ? `${sayNix(`${name} ready`)}; ask nix-store --gc --print-dead | sed 's/^/@@ ${name} dead /'; rm -r /nix/var`
      : "",
    form.nix === undefined ? "" : "ask nix-store --load-db </image/nix-path-registration",
    form.nix === undefined ? "" : sayNix(`${name} loaded`),
    `umount ${form.nix === undefined ? at : `${over} ${at}`}`,
    `else echo "@@ ${name} refused: $(dmesg | grep erofs: | tail -n 1)"; fi`,
  ].join("\n");
}

/** All that Nix knows, and which paths refer to which. */
const QUESTIONS = ["--dump-db", "-qR"];

/** Lines of shell: what Nix answers of the store, and what it finds wrong with it. */
function sayNix(name: string): string {
  const lines = QUESTIONS.map((question) => `ask nix-store ${question} ${store.paths.join(" ")}`);
  return `(${lines.join("; ")}; ask nix-store --verify --check-contents) | sed 's/^/@@ ${name} nix /'`;
}

/** What the guest ought to say of a form that its kernel reads. */
function expectedOfForm(name: string, { line, nix }: Form): string[] {
  const registration = line.includes(REGISTRATION) ? [`${scratch}/${REGISTRATION}`] : [];
  const answers = QUESTIONS.flatMap((question) =>
    askSystemNix("nix-store", question, ...store.paths)
      .trimEnd()
      .split("\n"),
  );
  const times = { root: ["ready", "loaded"], store: ["loaded"] };
  const told =
    nix === undefined ? [] : times[nix].flatMap((when) => answers.map((each) => `${name} ${when} nix ${each}`));
  return [...expectedOf(name, [...store.paths, ...registration]), ...told].sort();
}

test
  .skipIf(kernel === undefined)
  .each(
    [...BOOTS, ...(process.env.TS_MKEROFS_BOOTS === "all" ? MORE : [])].map(
      (boot) => [Object.keys(boot).join(", "), Object.entries(boot)] as const,
    ),
  )("Linux boots with its store from an image: %s", (_, forms) => {
  const disks = forms.map(([name, { line }]) => {
    const [command, ...words] = line.replace("IMAGE", `${name}.img`).split(" ") as [BuildCommandName, ...string[]];
    expect(runShell(scratch, `${commandWords(command)} ${words.join(" ")}`)).toEqual(SILENT);
    return `${scratch}/${name}.img`;
  });
  const said = bootGuest({
    kernel: kernel!,
    scratch,
    modules: ["erofs", "squashfs", "overlay", "lz4"],
    programs: forms.some(([, { nix }]) => nix !== undefined) ? ["nix-store"] : [],
    disks,
    script: [
      "mkdir -p /nix/store /image /over /etc; mount -t tmpfs tmpfs /over; mkdir /over/upper /over/work",
      "echo root:x:0:0::/:/bin/sh >/etc/passwd; export NIX_REMOTE=local NIX_CONFIG='build-users-group ='",
      // what is said beside an answer counts where there is none
      'ask() { "$@" 2>/tmp/error || cat /tmp/error; }',
      ...forms.map(([name, form], index) => sayForm(name, form, index)),
    ].join("\n"),
  });
  for (const [name, form] of forms) {
    const lines = said.filter((line) => line.startsWith(`${name} `)).sort();
    if (form.needs === undefined || kernel!.options.has(form.needs)) expect(lines).toEqual(expectedOfForm(name, form));
    else expect(lines).toEqual([expect.stringMatching(/ refused: .*algorithm/)]);
  }
});
