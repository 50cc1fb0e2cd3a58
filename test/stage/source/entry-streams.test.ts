/** Entries with contents that come otherwise than as bytes: Blobs, streams; and times that are Dates. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { buildErofs, buildSquashfs, type Entry, entries, type Source } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("entry-streams");
const image = `${scratch}/image`;
const text = "text\n".repeat(100_000);

type Build = (source: Source, out: string) => Promise<unknown>;

const hashOf = async (list: Iterable<Entry> | AsyncIterable<Entry>, build: Build = buildErofs) => {
  await build(entries(list), image);
  return createHash("sha256").update(readFileSync(image)).digest("hex");
};
const stream = (...parts: string[]) => new Blob(parts).stream();
const FORMS: (() => Entry["contents"])[] = [
  () => new Blob([text]),
  () => stream(text),
  () => Readable.from([Buffer.from(text.slice(0, 7)), Buffer.from(text.slice(7))]),
  () =>
    (async function* () {
      for (let at = 0; at < text.length; at += 99_999) yield Buffer.from(text.slice(at, at + 99_999));
    })(),
];

test("Blobs and streams are as bytes", async () => {
  for (const build of [buildErofs, buildSquashfs]) {
    const expected = await hashOf([{ path: "a", contents: text }, { path: "b", contents: "b" }, { path: "c" }], build);
    for (const form of FORMS) {
      const list: Entry[] = [
        { path: "a", contents: form() },
        { path: "b", contents: stream("b") },
        { path: "c", contents: stream() },
      ];
      expect(await hashOf(list, build)).toBe(expected);
    }
  }
});

test("a stream is read before the next entry is asked for", async () => {
  const order: string[] = [];
  async function* part(name: string) {
    order.push(`${name} begins`);
    yield Buffer.from(name);
    order.push(`${name} ends`);
  }
  function* list(): Generator<Entry> {
    for (const path of ["a", "b"]) {
      order.push(path);
      yield { path, contents: part(path) };
    }
  }
  expect(await hashOf(list())).toBe(
    await hashOf([
      { path: "a", contents: "a" },
      { path: "b", contents: "b" },
    ]),
  );
  expect(order).toEqual(["a", "a begins", "a ends", "b", "b begins", "b ends"]);
});

test("Dates are times, before 1970 too", async () => {
  const dated = [new Date(1234), new Date(-1), new Date("2024-02-29T12:00:00.5Z")];
  const told = [
    { sec: 1, nsec: 234_000_000 },
    { sec: -1, nsec: 999_000_000 },
    { sec: 1709208000, nsec: 500_000_000 },
  ];
  const list = (times: readonly Entry["mtime"][]) => times.map((mtime, at): Entry => ({ path: `${at}`, mtime }));
  expect(await hashOf(list(dated))).toBe(await hashOf(list(told)));
});

test("what cannot be is refused, and leaves nothing", async () => {
  const refuse = (contents: unknown, more: object = {}) =>
    buildErofs(entries([{ path: "a", contents: contents as string, ...more }]), `${scratch}/none`).catch(
      (thrown) => thrown,
    );
  expect(await refuse(undefined, { mtime: new Date(Number.NaN) })).toMatchObject({ code: "INPUT", path: "a" });
  expect(await refuse(Readable.from(["text"]))).toMatchObject({
    ...{ code: "INPUT", message: 'a: contents: "text" is no Uint8Array', path: "a" },
  });
  const used = stream("1");
  await hashOf([{ path: "a", contents: used }]);
  expect(await refuse(used)).toMatchObject({
    ...{ code: "INPUT", message: "a: contents: the stream has been read already, and can be read only once" },
  });
  const cause = new Error("gone");
  const failing = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(cause) });
  expect(await refuse(failing)).toMatchObject({ code: "IO", message: "a: contents: gone", path: "a", cause });
  expect(await refuse({ size: 1 })).toMatchObject({ code: "INPUT" });
  expect(existsSync(`${scratch}/none`)).toBe(false);
  expect(readdirSync(scratch)).toEqual(["image"]);
});
