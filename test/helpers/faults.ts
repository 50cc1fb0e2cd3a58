/** A place for builds that fail: a target that must stay as it was, and nothing beside it. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect } from "vitest";
import { type BuildProgress, ImageError } from "../../dist/index.js";
import { makeScratch } from "./scratch.ts";

const OLD = "the old image";

/** What {@link makeFaultBench} gives: paths, and the expectations about them. */
export interface FaultBench {
  /** Stays for the whole file. */
  scratch: string;
  /** A folder, empty before each test. */
  source: string;
  /** The only thing in its folder before each test, and an old image. */
  image: string;
  /** Expects an {@link ImageError} with this code, whose path and message are `path`, and an untouched target. */
  expectFault(build: Promise<unknown>, code: string, path: string, message?: RegExp | string): Promise<void>;
  /** Expects the old image, byte for byte, and nothing beside it. */
  expectUntouched(): void;
}

/** Makes the folders anew for each test of the file. */
export function makeFaultBench(name: string): FaultBench {
  const scratch = makeScratch(name);
  const source = `${scratch}/source`;
  const out = `${scratch}/out`;
  const image = `${out}/image`;

  beforeEach(() => {
    for (const folder of [source, out]) mkdirSync(folder);
    chmodSync(out, 0o777);
    writeFileSync(image, OLD);
  });
  afterEach(() => {
    for (const folder of [source, out]) rmSync(folder, { recursive: true, force: true });
  });

  const expectUntouched = () => {
    expect(readdirSync(out)).toEqual(["image"]);
    expect(readFileSync(image, "utf8")).toBe(OLD);
  };
  const expectFault: FaultBench["expectFault"] = async (build, code, path, message = "") => {
    const error = await failureOf(build);
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toMatchObject({ code, path });
    expect((error as ImageError).message).toContain(path);
    expect((error as ImageError).message).toMatch(message);
    expectUntouched();
  };
  return { scratch, source, image, expectFault, expectUntouched };
}

/** What a build was rejected with; undefined if it was not. */
export async function failureOf(build: Promise<unknown>): Promise<unknown> {
  return build.then(
    () => undefined,
    (error: unknown) => error ?? new Error("rejected with nothing"),
  );
}

/** Calls `change` once, when a tree of this many entries, its top included, is walked and nothing of it is read. */
export function afterWalk(entries: number, change: () => void): (progress: BuildProgress) => void {
  return atProgress(({ stage, done }) => stage === "walk" && done >= entries, change);
}

/** Calls `change` once, at the first report of progress that `isTime`. */
export function atProgress(
  isTime: (progress: BuildProgress) => boolean,
  change: () => void,
): (progress: BuildProgress) => void {
  let isDone = false;
  return (progress) => {
    if (isDone || !isTime(progress)) return;
    isDone = true;
    change();
  };
}

/** What this process has open whose path starts so. */
export function openFilesBelow(prefix: string): string[] {
  const targets = readdirSync("/proc/self/fd").map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return "";
    }
  });
  return targets.filter((target) => target.startsWith(prefix));
}
