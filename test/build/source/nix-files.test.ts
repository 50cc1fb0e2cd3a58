/** Files that say what Nix is to know of store paths: where they may be, and that they say what is true of the image. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { type BuildOptions, binaryCache, buildErofs, closure, directory, merge } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("nix-files");
const store = `${scratch}/nix/store`;
const image = `${scratch}/image`;
const [A, B] = ["a", "b"].map((digit) => `${digit.repeat(32)}-${digit}`) as [string, string];
const HASH = "00".repeat(32);

/** A closure of two paths, of which b refers to a, as a registration has it. */
const registered = (paths: readonly string[] = [A, B]) =>
  paths.map((name) => `/nix/store/${name}\n${HASH}\n96\n\n${name === B ? `1\n/nix/store/${A}` : "0"}\n`).join("");

/** A closureInfo folder, of paths where they are. */
function folder(paths: readonly string[]): string {
  mkdirSync(`${scratch}/info`, { recursive: true });
  writeFileSync(`${scratch}/info/store-paths`, paths.map((name) => `${store}/${name}\n`).join(""));
  writeFileSync(`${scratch}/info/registration`, registered());
  return `${scratch}/info`;
}

const registrationOf = async (source: Parameters<typeof buildErofs>[0], options: BuildOptions = {}) => {
  await buildErofs(source, image, { ...options, registrationOut: `${scratch}/registration` });
  return readFileSync(`${scratch}/registration`, "latin1");
};

beforeEach(() => {
  rmSync(`${scratch}/nix`, { recursive: true, force: true });
  rmSync(image, { force: true });
  for (const name of [A, B]) mkdirSync(`${store}/${name}`, { recursive: true });
  writeFileSync(`${store}/${B}/refers`, `/nix/store/${A}\n`);
});

test("a file that would be a part of a store path is refused, and changes nothing", async () => {
  for (const options of [{ registration: `${B}/x` }, { registration: A }, { nixDatabase: `${A}/db/db.sqlite` }]) {
    const path = Object.values(options)[0]!;
    const name = path.slice(0, A.length);
    await expect(buildErofs(closure(folder([A, B])), image, options)).rejects.toMatchObject({
      code: "INPUT",
      message: `${path}: lies in /nix/store/${name}, which would be changed`,
    });
  }
  await buildErofs(closure(folder([A, B])), image, { registration: `${"c".repeat(32)}-c/x` });
});

test("a store path to which another source adds is hashed anew, and no other", async () => {
  const source = () => closure(folder([A, B]));
  expect(await registrationOf(source())).toBe(registered());
  mkdirSync(`${scratch}/more/${B}`, { recursive: true });
  writeFileSync(`${scratch}/more/${B}/added`, "x");
  writeFileSync(`${store}/${B}/added`, "x");
  const whole = await registrationOf([`${store}/${A}`, `${store}/${B}`], {
    scanReferences: true,
    storeDir: "/nix/store",
  });
  rmSync(`${store}/${B}/added`);
  const [, , , , , ...expected] = whole.split("\n");
  const [, ...rest] = registered([A]).split("\n");
  const found = await registrationOf(merge(source(), directory(`${scratch}/more`)));
  expect(found.split("\n")).toEqual([`/nix/store/${A}`, ...rest.slice(0, -1), ...expected]);
  expect(found.split("\n")[6]).not.toBe(HASH);
});

test("the store's folder is one, however many slashes its name has", async () => {
  const build = async (storeDir: string) => {
    await buildErofs([`${store}/${A}`, `${store}/${B}`], image, {
      ...{ storeDir, scanReferences: true, registration: true, nixDatabase: true },
    });
    return createHash("sha256").update(readFileSync(image)).digest("hex");
  };
  expect(await build("/nix//./store/")).toBe(await build("/nix/store"));
});

test("a closureInfo folder whose list lacks a path that one of it refers to", async () => {
  await expect(buildErofs(closure(folder([B])), image)).rejects.toMatchObject({
    code: "INPUT",
    message: `${scratch}/info/store-paths: /nix/store/${B} refers to /nix/store/${A}, which is not in the closure`,
  });
  await buildErofs(closure(folder([A])), image);
  writeFileSync(`${folder([B])}/registration`, "none by its contents");
  await buildErofs(closure(`${scratch}/info`), image);
});

test("a binary cache that is not there", async () => {
  const build = buildErofs(binaryCache(`${scratch}/none`, [A]), image);
  await expect(build).rejects.toMatchObject({ message: `${scratch}/none: no such file or directory` });
});

describe("a registration that would be written over the image", () => {
  const options = { scanReferences: true };
  const refused = (path: string) => ({ code: "INPUT", message: `${path}: is to be the image and its registration` });

  test.each([false, true])("is refused, whatever it is called (the image is there: %j)", async (isThere) => {
    if (isThere) writeFileSync(image, "before");
    symlinkSync("image", `${scratch}/link`);
    symlinkSync(".", `${scratch}/here`);
    const names = [image, `${scratch}/./image`, `${scratch}/nix/../image`, `${scratch}/link`, `${scratch}/here/image`];
    for (const registrationOut of names) {
      const build = buildErofs([`${store}/${A}`], image, { ...options, registrationOut });
      await expect(build).rejects.toMatchObject(refused(registrationOut));
    }
    if (isThere) expect(readFileSync(image, "latin1")).toBe("before");
    rmSync(`${scratch}/link`);
    rmSync(`${scratch}/here`);
  });
});

test.each<[string, BuildOptions]>([
  ['storeDir: "nix/store" is no absolute path', { storeDir: "nix/store" }],
  ['storeDir: "/nix/../store" is no absolute path', { storeDir: "/nix/../store" }],
  ['registration: "../x" is no path of a file in the image', { registration: "../x" }],
  ['registration: "/" is no path of a file in the image', { registration: "/" }],
  ['nixDatabase: "a/" is no path of a file in the image', { nixDatabase: "a/" }],
  ['nixDatabase: "a/." is no path of a file in the image', { nixDatabase: "a/." }],
  ['gcroot: "" is no path of a file in the image', { nixDatabase: "db/x", gcroot: "" }],
  ['gcroot: "auto": Nix has auto there itself', { nixDatabase: "db/x", gcroot: "auto" }],
  ['gcroot: "profiles/x": Nix has profiles there itself', { nixDatabase: "db/x", gcroot: "profiles/x" }],
])("%s, before anything is read", async (message, options) => {
  const source = closure(`${scratch}/none`);
  await expect(buildErofs(source, image, options)).rejects.toMatchObject({ code: "INPUT", message });
});

test("auto and per-user are folders for roots", async () => {
  for (const gcroot of ["auto/x", "per-user/root/x"])
    await buildErofs(closure(folder([A, B])), image, { nixDatabase: "db/x", gcroot });
});
