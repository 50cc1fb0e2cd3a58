/**
 * Images pinned by their SHA-256, which is the judge, each with the dump that explains it. They stand in one text for each
 * group of images, `test/build/golden/<group>.pins.txt`:
 *
 *     == name of the image
 *     sha256 …
 *     the dump, folded
 *
 * Where an image is another one than the pinned the test fails, and shows how the dumps differ. If that is meant,
 * `UPDATE_PINS=1 npx vitest run test/build/golden` writes hashes and dumps anew; the change goes into the change log.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dumpLines } from "../dump.ts";
import { diffLines } from "./diff.ts";
import { foldDump, unplaced } from "./fold.ts";

/** Lines of a difference that are shown. */
const MOST_SHOWN = 60;

/** What is kept of an image. */
export interface Pin {
  hash: string;
  /** Folded. */
  dump: string[];
}

/** The pins of a group of images. */
export class Pins {
  readonly #path: URL;
  readonly #pins = new Map<string, Pin>();

  constructor(group: string) {
    this.#path = new URL(`../../build/golden/${group}.pins.txt`, import.meta.url);
    const text = existsSync(this.#path) ? readFileSync(this.#path, "utf8") : "";
    for (const section of text.split(/^== /m).slice(1)) {
      const [name = "", hash = "", ...dump] = section.trimEnd().split("\n");
      this.#pins.set(name, { hash: hash.replace("sha256 ", ""), dump });
    }
  }

  /** The hash of an image that has been looked at. */
  hash(name: string): string | undefined {
    return this.#pins.get(name)?.hash;
  }

  /** Throws unless the image is the pinned one. */
  async expect(name: string, image: Uint8Array): Promise<void> {
    const now = await pinOf(image);
    const pin = this.#pins.get(name);
    if (now.hash === pin?.hash && now.dump.join("\n") === pin.dump.join("\n")) return;
    if (process.env.UPDATE_PINS !== "1") throw new Error(explainChange(name, pin, now));
    this.#pins.set(name, now);
    this.#write();
  }

  #write(): void {
    const sections = [...this.#pins].map(([name, { hash, dump }]) => [`== ${name}`, `sha256 ${hash}`, ...dump, ""]);
    writeFileSync(this.#path, sections.flat().join("\n"));
  }
}

/** What is to be kept of an image. */
export async function pinOf(image: Uint8Array): Promise<Pin> {
  return { hash: createHash("sha256").update(image).digest("hex"), dump: foldDump(await dumpLines(image)) };
}

/** What is different of an image that is not the pinned one. */
export function explainChange(name: string, pin: Pin | undefined, now: Pin): string {
  const how = "UPDATE_PINS=1 npx vitest run test/build/golden makes it the pinned one, if that is meant";
  if (pin === undefined) return `the image "${name}" is not pinned: ${how}`;
  const what =
    pin.hash === now.hash
      ? `the image "${name}" is the pinned one, but its dump says other things`
      : `the image "${name}" is not the pinned one: sha256 ${now.hash} instead of ${pin.hash}`;
  const lines = diffLines(pin.dump, now.dump, unplaced);
  const shown = lines.slice(0, MOST_SHOWN);
  if (lines.length > shown.length) shown.push(`… and ${lines.length - shown.length} lines more`);
  if (lines.length === 0) shown.push("the dumps differ in places only, or in what is folded");
  return [what, "dumps, - as pinned, + as it is now; what has only moved is left out:", ...shown, how].join("\n");
}
