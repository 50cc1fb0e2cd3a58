/** The example for browsers, in Chromium: what is dropped or chosen becomes the image that Node makes of it. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { usagePage } from "../../dist/cli/imagefs/usage-page/page.js";
import { bytesSource } from "../../dist/core/byte-source.js";
import { buildErofs, buildSquashfs, directory, entries, zipArchive } from "../../dist/index.js";
import { openReader } from "../../dist/inspect/open-image.js";
import { measureUsage } from "../../dist/inspect/usage/usage.js";
import { type Chromium, openChromium } from "../helpers/browser/chromium.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { makeZip } from "../helpers/zip/make-zip.ts";

const builder = new URL("../../examples/browser/build.mjs", import.meta.url).pathname;

/** Bytes that look random, the same in each run. */
function noise(length: number, seed: string): Buffer {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, at) =>
    createHash("sha256").update(`${seed}${at}`).digest(),
  );
  return Buffer.concat(parts).subarray(0, length);
}

const FILES: Readonly<Record<string, string | Buffer>> = {
  "etc/hostname": "box\n",
  "etc/empty": "",
  "bin/run": "#!/bin/sh\necho run\n",
  "bin/program": Buffer.concat([Buffer.from("\x7fELF"), noise(70_000, "elf")]),
  "usr/share/größe/text": "a line that comes again and again\n".repeat(20_000),
  "usr/share/noise": noise(1_200_000, "noise"),
  "usr/share/copy": noise(1_200_000, "noise"),
};

describe.skipIf(!oracle("chromium", hasCommand("chromium")))("the page", () => {
  // Chromium gives no handles of what lies in /dev
  const scratch = makeScratch("browser", tmpdir());
  const [folder, page] = [`${scratch}/root`, `${scratch}/page.html`];
  let browser: Chromium;

  beforeAll(async () => {
    for (const [path, contents] of Object.entries(FILES)) {
      mkdirSync(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      writeFileSync(`${folder}/${path}`, contents);
      chmodSync(`${folder}/${path}`, path.startsWith("bin/") ? 0o755 : 0o644);
      utimesSync(`${folder}/${path}`, 1_700_000_000, 1_700_000_000);
    }
    mkdirSync(`${folder}/var/empty`, { recursive: true });
    for (const path of ["", "/etc", "/bin", "/usr", "/usr/share", "/usr/share/größe", "/var", "/var/empty"]) {
      chmodSync(folder + path, 0o755);
      utimesSync(folder + path, 1_700_000_000, 1_700_000_000);
    }
    execFileSync(process.execPath, [builder, page]);
    browser = await openChromium();
    await browser.open(pathToFileURL(page).href);
  });
  afterAll(() => browser?.close());

  const text = (id: string) => browser.evaluate(`document.getElementById("${id}").textContent`) as Promise<string>;
  const until = (condition: string) =>
    browser.evaluate(`new Promise((resolve) => {
      const look = () => ${condition} ? resolve() : setTimeout(look, 20);
      look();
    })`);

  /** Chooses files by one of the two inputs. */
  async function choose(input: "files" | "folder", files: readonly string[]): Promise<void> {
    const { result } = await browser.send("Runtime.evaluate", { expression: `document.getElementById("${input}")` });
    await browser.send("DOM.setFileInputFiles", { files, objectId: (result as { objectId: string }).objectId });
  }

  /** Drops files and folders, as the mouse would. */
  async function drop(files: readonly string[]): Promise<void> {
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"]) {
      await browser.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
    }
  }

  /** Builds an image; gives what it is saved as, and the hash that the page shows. */
  async function build(choice: string, hasFixedTimes = true): Promise<{ image: Buffer; sha256: string }> {
    await until(`!document.getElementById("build").disabled`);
    await browser.evaluate(`document.getElementById("image").value = ${JSON.stringify(choice)};
      document.getElementById("times").checked = ${hasFixedTimes};
      document.getElementById("build").click();`);
    await until(`document.getElementById("stop").disabled`);
    expect(await text("status")).toBe("The image is built.");
    const saved = await browser.evaluate(`fetch(document.getElementById("download").href)
      .then((answer) => answer.blob())
      .then((blob) => new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.readAsDataURL(blob);
      }))`);
    return { image: Buffer.from((saved as string).replace(/^.*,/, ""), "base64"), sha256: await text("sha256") };
  }

  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

  test("a folder that is dropped becomes the image that Node makes of it, in every format with every compressor", async () => {
    await drop([folder]);
    await until(`document.getElementById("given").textContent !== "Nothing yet"`);
    expect(await text("given")).toBe("7 files, 3.0 MiB");
    await until(`!document.getElementById("build").disabled`);
    const choices = (await browser.evaluate(
      `[...document.getElementById("image").options].map(({ value }) => value)`,
    )) as string[];
    expect(choices).toEqual(
      expect.arrayContaining(["erofs ", "erofs zstd", "squashfs ", "squashfs xz", "squashfs zstd"]),
    );
    for (const choice of choices) {
      const [format, compressor] = choice.split(" ") as [string, string];
      const out = `${scratch}/image`;
      const options = { timestamp: 0, owner: "root" } as const;
      if (format === "erofs") {
        const compress = compressor === "" ? {} : { compress: { algorithm: compressor as "zstd" } };
        await buildErofs(directory(folder), out, { ...options, ...compress });
      } else {
        await buildSquashfs(directory(folder), out, { ...options, compressor: (compressor || "none") as "zstd" });
      }
      const made = await build(choice);
      const expected = sha256(readFileSync(out));
      expect({ choice, shown: made.sha256, saved: sha256(made.image) }).toEqual({
        choice,
        shown: expected,
        saved: expected,
      });
    }
  });

  test("a folder is dropped into a page from a server, too", async () => {
    const server = createServer((_, answer) => answer.setHeader("content-type", "text/html").end(readFileSync(page)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await browser.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await drop([folder]);
      await until(`document.getElementById("given").textContent.startsWith("7 files")`);
      const { image } = await build("erofs ");
      await buildErofs(directory(folder), `${scratch}/image`, { timestamp: 0, owner: "root" });
      expect(image.equals(readFileSync(`${scratch}/image`))).toBe(true);
    } finally {
      await browser.open(pathToFileURL(page).href);
      server.closeAllConnections();
      server.close();
    }
  });

  test("a folder that is chosen, and files, are as entries of the library", async () => {
    const { "etc/hostname": hostname, "bin/run": run } = FILES as Record<string, string>;
    await choose("files", [`${folder}/etc/hostname`, `${folder}/bin/run`]);
    await until(`document.getElementById("given").textContent.startsWith("2 files")`);
    const made = await build("erofs lz4hc", false);
    const mtime = 1_700_000_000;
    const source = entries([
      { path: "", kind: "directory", mtime },
      { path: "hostname", contents: hostname!, mtime },
      { path: "run", contents: run!, mode: 0o755, mtime },
    ]);
    await buildErofs(source, `${scratch}/image`, { compress: { algorithm: "lz4hc" } });
    expect(made.image.equals(readFileSync(`${scratch}/image`))).toBe(true);

    await choose("folder", [`${folder}/usr`]);
    await until(`document.getElementById("given").textContent.startsWith("3 files")`);
    const chosen = await build("squashfs zstd");
    await buildSquashfs(directory(`${folder}/usr`), `${scratch}/image`, {
      timestamp: 0,
      owner: "root",
      compressor: "zstd",
    });
    expect(chosen.image.equals(readFileSync(`${scratch}/image`))).toBe(true);
  });

  test("a zip archive becomes the image of what it holds, with its modes, links and times", async () => {
    const zip = makeZip([
      { name: "d/", mode: 0o040750 },
      { name: "d/stored", data: "stored\n" },
      { name: "d/small", data: "small\n".repeat(500), method: 8, mode: 0o100600 },
      // more than is inflated at once
      { name: "d/large", data: Buffer.concat([noise(1_500_000, "zip"), Buffer.alloc(2_000_000)]), method: 8 },
      { name: "link", data: "d/small", mode: 0o120777 },
    ]);
    writeFileSync(`${scratch}/root.zip`, zip);
    await choose("files", [`${scratch}/root.zip`]);
    await until(`document.getElementById("given").textContent.startsWith("root.zip")`);
    const made = await build("erofs zstd", false);
    await buildErofs(zipArchive(`${scratch}/root.zip`), `${scratch}/image`, { compress: { algorithm: "zstd" } });
    expect(made.image.equals(readFileSync(`${scratch}/image`))).toBe(true);
  });

  test("what each path costs is what the command says", async () => {
    await choose("folder", [folder]);
    await until(`document.getElementById("given").textContent.startsWith("7 files")`);
    const { image } = await build("squashfs gzip");
    const figures = (page: string) =>
      JSON.parse(page.match(/<script type="application\/json" id="data">(.*?)<\/script>/s)![1]!);
    const shown = (await browser.evaluate(`document.getElementById("usage").srcdoc`)) as string;
    const usage = await measureUsage(await openReader(bytesSource(image)));
    expect(figures(shown)).toEqual(figures(usagePage("image.squashfs", usage)));
  });

  test("a damaged archive is said to be one, and the page goes on", async () => {
    writeFileSync(`${scratch}/damaged.zip`, makeZip([{ name: "a", data: "abc", method: 8, crc: 1 }]));
    await choose("files", [`${scratch}/damaged.zip`]);
    await until(`document.getElementById("given").textContent.startsWith("damaged.zip")`);
    await browser.evaluate(`document.getElementById("build").click()`);
    await until(`document.getElementById("stop").disabled`);
    expect(await text("status")).toBe("damaged.zip: a: is damaged: it has another checksum");
    await choose("files", [`${folder}/etc/hostname`]);
    await until(`document.getElementById("given").textContent.startsWith("hostname")`);
    expect((await build("erofs ")).image.length).toBeGreaterThan(0);
  });

  test("a build that is stopped ends soon, and the next one is whole", async () => {
    writeFileSync(`${scratch}/large`, noise(32 << 20, "large"));
    await choose("files", [`${scratch}/large`]);
    await until(`document.getElementById("given").textContent.startsWith("large")`);
    await browser.evaluate(
      `document.getElementById("image").value = "squashfs xz"; document.getElementById("build").click()`,
    );
    await until(`document.getElementById("progress").value > 0`);
    await browser.evaluate(`document.getElementById("stop").click()`);
    await until(`document.getElementById("stop").disabled`);
    expect(await text("status")).toMatch(/aborted/);
    expect((await build("erofs ")).image.length).toBeGreaterThan(32 << 20);
  });

  test("no script has complained", () => {
    expect(browser.complaints).toEqual([]);
  });
});
