/** Examples that need no judge, as they stand; and that all of them are tested, and shown in the README. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { openImage } from "../../dist/index.js";
import { runExample, startExample } from "../helpers/examples/run.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("examples");
const root = new URL("../../", import.meta.url);
const textOf = (path: string) => readFileSync(new URL(path, root), "utf8");

beforeAll(() => {
  mkdirSync(`${scratch}/rootfs/etc`, { recursive: true });
  writeFileSync(`${scratch}/rootfs/etc/hostname`, "box\n");
  mkdirSync(`${scratch}/large`);
  // what takes longer to compress than to say so
  for (let at = 0; at < 8; at++) writeFileSync(`${scratch}/large/${at}`, randomBytes(1 << 20).toString("hex"));
});

test("each is linked from the README, imports the package by its name, and is run by a test", () => {
  const files = readdirSync(new URL("examples", root), { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    // the page has a test of its own, and is linked as a whole
    .filter((path) => path.endsWith(".mjs") && !path.startsWith("browser/"));
  expect(files.length).toBeGreaterThanOrEqual(6);
  const tests = readdirSync(new URL("test/examples", root), "utf8").map((name) => textOf(`test/examples/${name}`));
  for (const file of files) {
    expect(textOf("README.md")).toContain(`(examples/${file})`);
    expect(textOf(`examples/${file}`)).toMatch(/^import .* from "ts-mkerofs";$/m);
    expect(tests.some((code) => code.includes(`Example("${file}"`))).toBe(true);
  }
});

describe("download.mjs", () => {
  const served = { "/hostname": "box\n", "/large": "a line\n".repeat(100_000) };

  /** Does `work` while a server of these files is there. */
  async function serving(work: (url: string) => Promise<void>): Promise<void> {
    const server = createServer(({ url }, response) => {
      const body = served[url as keyof typeof served];
      if (body !== undefined) response.setHeader("last-modified", "Thu, 29 Feb 2024 12:00:00 GMT");
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
    }
  }

  test("packs what is only to be downloaded", async () => {
    const out = `${scratch}/downloaded`;
    await serving(async (url) => {
      const input = `etc/hostname ${url}/hostname\nusr/share/large ${url}/large\n`;
      expect(await runExample("download.mjs", [out], { input })).toEqual({
        status: 0,
        out: expect.stringMatching(/: 2 files, 70\d{4} bytes\n$/),
        err: "",
      });
    });
    const image = await openImage(out);
    expect(Buffer.from(await image.read("etc/hostname")).toString()).toBe(served["/hostname"]);
    expect(Buffer.from(await image.read("usr/share/large")).toString()).toBe(served["/large"]);
    expect((await image.stat("etc/hostname")).mtime).toMatchObject({ sec: Date.UTC(2024, 1, 29, 12) / 1000 });
    image.close();
  });

  test("makes no image where something cannot be", async () => {
    const out = `${scratch}/not-downloaded`;
    writeFileSync(out, "as it was");
    await serving(async (url) => {
      const { status, err } = await runExample("download.mjs", [out], { input: `a ${url}/hostname\nb ${url}/none\n` });
      expect(status).toBe(1);
      expect(err).toContain(`Error: ${url}/none: 404`);
    });
    expect(readFileSync(out, "utf8")).toBe("as it was");
  });
});

describe("progress.mjs", () => {
  test("says how far it is, to the end", async () => {
    const { status, out, err } = await runExample("progress.mjs", [`${scratch}/large`, `${scratch}/whole`]);
    expect({ status, out }).toEqual({ status: 0, out: expect.stringMatching(/whole: \d+ bytes\n$/) });
    const shares = [...err.matchAll(/^compress: (\d+) %$/gm)].map(([, share]) => Number(share));
    expect(shares.at(-1)).toBe(100);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  });

  test("leaves what was there when it is interrupted, or has taken too long", async () => {
    const out = `${scratch}/target`;
    writeFileSync(out, "as it was");
    const before = readdirSync(scratch);
    const { child, outcome } = startExample("progress.mjs", [`${scratch}/large`, out]);
    child.stderr!.once("data", () => child.kill("SIGINT"));
    expect(await outcome).toMatchObject({ status: 1, out: "", err: expect.stringMatching(/^interrupted$/m) });
    const late = await runExample("progress.mjs", [`${scratch}/large`, out, "0.001"]);
    expect(late).toMatchObject({ status: 1, out: "", err: expect.stringMatching(/^not done after 0.001 s$/m) });
    expect(readFileSync(out, "utf8")).toBe("as it was");
    expect(readdirSync(scratch)).toEqual(before);
  });
});

describe("a GitHub Action", () => {
  const inputs = { INPUT_SOURCE: `${scratch}/rootfs`, INPUT_FORMAT: "squashfs", GITHUB_OUTPUT: `${scratch}/outputs` };

  test("sets the outputs that it declares", async () => {
    writeFileSync(inputs.GITHUB_OUTPUT, "");
    const image = `${scratch}/action`;
    const ran = await runExample("github-action/index.mjs", [], { env: { ...inputs, INPUT_IMAGE: image } });
    expect(ran).toEqual({ status: 0, out: "", err: "" });
    const bytes = readFileSync(image);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(readFileSync(inputs.GITHUB_OUTPUT, "utf8")).toBe(`bytes=${bytes.length}\nsha256=${sha256}\n`);
  });

  test("fails with an annotation in one line", async () => {
    for (const [env, message] of [
      [{ INPUT_FORMAT: "tar" }, "format: tar is neither erofs nor squashfs"],
      [{ INPUT_SOURCE: `${scratch}/a%\nb` }, `${scratch}/a%25`],
    ] as const) {
      const all = { ...inputs, INPUT_IMAGE: `${scratch}/none`, ...env };
      const { status, out, err } = await runExample("github-action/index.mjs", [], { env: all });
      expect({ status, err }).toEqual({ status: 1, err: "" });
      expect(out).toMatch(/^::error title=Make an image::.*\n$/);
      expect(out).toContain(message);
    }
  });

  test("reads the inputs that action.yml names, and runs the file that is there", () => {
    const action = textOf("examples/github-action/action.yml");
    const code = textOf("examples/github-action/index.mjs");
    const named = (section: string) => {
      const [, block] = new RegExp(`^${section}:\n((?: .*\n)+)`, "m").exec(action)!;
      return [...block!.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name!);
    };
    const read = [...code.matchAll(/\bINPUT_(\w+) =/g)].map(([, name]) => name!.toLowerCase());
    expect(named("inputs").sort()).toEqual(read.sort());
    expect(named("outputs").sort()).toEqual([...code.matchAll(/(?:`|\\n)(\w+)=\$\{/g)].map(([, name]) => name!).sort());
    expect(action).toContain("main: index.mjs\n");
  });
});
