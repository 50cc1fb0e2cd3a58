/** Where builds are run under trouble: an old image, a source, nothing else; and what must be so behind each. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { commandPath } from "../../test/helpers/commands.ts";
import { type Build, wordsOf } from "./builds.ts";
import { sourcesIn, writeSource } from "./sources.ts";

const OLD = "the old image\n";
/** A hang is certain then, on a machine that has much else to do. */
const SECONDS = 90;

/** What a command came to. */
export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  err: string;
  out: string;
  /** It took too long, and was killed. */
  isHung: boolean;
}

/** How a build is run. */
export interface HowToRun {
  env?: Readonly<Record<string, string>> | undefined;
  /** Words before the command: another program that starts it. */
  through?: readonly string[] | undefined;
  /** Default: the image of the bench. `-`: standard output. */
  target?: string | undefined;
  /** A signal, and the milliseconds until it. */
  kill?: { signal: NodeJS.Signals; after: number } | undefined;
  /** A line of shell of bash, in which `"$@"` is the command. */
  shell?: string | undefined;
}

/** A folder with a source, a target and a folder for temporary files, all made anew for each run. */
export class Bench {
  readonly folder: string;
  /** Sources, and nothing else. */
  readonly source: string;
  /** The folder of the target, with an old image and nothing else. */
  readonly out: string;
  readonly image: string;
  readonly temporary: string;
  readonly #references = new Map<string, string>();

  constructor(folder: string) {
    this.folder = folder;
    this.source = `${folder}/source`;
    this.out = `${folder}/out`;
    this.image = `${this.out}/image`;
    this.temporary = `${folder}/temporary`;
  }

  /** Gets ready for a run. */
  async prepare(build: Build): Promise<void> {
    this.#lay(build);
    if (this.#references.has(build.name)) return;
    const hash = await this.now(build);
    if (hash === undefined) throw new Error(`${build.name} cannot be built at all`);
    this.#references.set(build.name, hash);
    this.#lay(build);
  }

  #lay({ source }: Build): void {
    for (const each of [this.source, this.temporary]) rmSync(each, { recursive: true, force: true });
    this.emptyOut();
    for (const each of [this.source, this.temporary]) mkdirSync(each);
    writeSource(this.source, source);
  }

  /** The old image again, and nothing else. */
  emptyOut(): void {
    mkdirSync(this.out, { recursive: true });
    for (const name of readdirSync(this.out)) rmSync(`${this.out}/${name}`, { recursive: true });
    writeFileSync(this.image, OLD);
  }

  sourceOf({ source }: Build): string {
    return sourcesIn(this.source)[source];
  }

  /** Runs a build to its end. */
  run(build: Build, { env = {}, through = [], target = this.image, kill, shell }: HowToRun = {}): Promise<Ended> {
    const source = this.sourceOf(build);
    const words = [process.execPath, commandPath(build.command), ...wordsOf(build, target, source)];
    const line = shell ?? (build.readsInput ? `exec "$@" < "${source}"` : 'exec "$@"');
    const child = spawn("bash", ["-c", line, "bash", ...through, ...words], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...withoutTime(), TMPDIR: this.temporary, TS_MKEROFS_EAGER_THREADS: "1", ...env },
    });
    const said = { out: "", err: "" };
    for (const [name, stream] of [["out", child.stdout] as const, ["err", child.stderr] as const]) {
      stream.setEncoding("latin1").on("data", (text) => {
        if (said[name].length < 1 << 16) said[name] += text;
      });
    }
    let isHung = false;
    const group = -(child.pid ?? 0);
    const end = setTimeout(() => {
      isHung = true;
      process.kill(group, "SIGKILL");
    }, SECONDS * 1000);
    const hit = kill && setTimeout(() => child.kill(kill.signal), kill.after);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (status, signal) => {
        clearTimeout(end);
        clearTimeout(hit);
        resolve({ status, signal, ...said, isHung });
      });
    });
  }

  /** The hash of the image of the source as it is now, built in peace; undefined if it cannot be packed. */
  async now(build: Build): Promise<string | undefined> {
    const target = `${this.folder}/reference`;
    rmSync(target, { force: true });
    const { status } = await this.run(build, { target });
    const hash = status === 0 ? hashOf(target) : undefined;
    rmSync(target, { force: true });
    return hash;
  }

  /** The hash of the image of the source as it was laid. */
  reference({ name }: Build): string | undefined {
    return this.#references.get(name);
  }

  /** What is wrong with the files that a command has left behind; `isKilled`: temporary ones may be. */
  async findLitter(build: Build, { isKilled = false } = {}): Promise<string[]> {
    const left = [
      ...readdirSync(this.out).filter((name) => name !== "image"),
      ...readdirSync(this.temporary),
      ...readdirSync(this.source, { recursive: true, encoding: "latin1" }).filter((name) => /\.tmp$/.test(name)),
    ];
    if (left.length > 0 && !isKilled) return [`leaves ${left.join(", ")}`];
    if (!isKilled) return [];
    // the next build takes it away
    const next = await this.run(build);
    const still = [...readdirSync(this.out).filter((name) => name !== "image"), ...readdirSync(this.temporary)];
    if (next.status !== 0) return [`leaves what the next build fails of: ${next.err}`];
    return still.length > 0 ? [`leaves ${still.join(", ")}, also after the next build`] : [];
  }

  /** Whether the target is the old image. */
  isOld(path: string = this.image): boolean {
    return existsSync(path) && readFileSync(path, "latin1") === OLD;
  }
}

/** The SHA-256 of a file; undefined if there is none. */
export function hashOf(path: string): string | undefined {
  return existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : undefined;
}

function withoutTime(): NodeJS.ProcessEnv {
  const { SOURCE_DATE_EPOCH: _, NODE_OPTIONS: __, ...rest } = process.env;
  return rest;
}
