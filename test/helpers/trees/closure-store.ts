/** A store of a few paths, of which some are a closure. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Tops of {@link makeStore}'s store: directories, a file, a link and a dangling one. */
export const STORE_TOPS = ["bbb-two", "aaa-one", "ccc-file", "ddd-link", "eee-dangling"];

/** Writes a file, its folders first, and gives its path. */
export function putFile(path: string, contents = path): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
  return path;
}

/** Makes the store; beside the tops there is a neighbour that no closure has. */
export function makeStore(store: string): void {
  putFile(`${store}/aaa-one/bin/tool`, "#!/bin/sh\n");
  putFile(`${store}/aaa-one/share/doc`, "doc".repeat(3000));
  putFile(`${store}/bbb-two/lib/x.so`, "elf");
  putFile(`${store}/ccc-file`, "a top that is a file\n");
  putFile(`${store}/zzz-neighbour/file`, "not in the closure");
  symlinkSync("bbb-two/lib", `${store}/ddd-link`);
  symlinkSync("nowhere", `${store}/eee-dangling`);
}
