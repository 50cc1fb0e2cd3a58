// An image of files that are nowhere yet: an async iterator gives them one after the other, and each is downloaded as its turn
// comes. Lines of standard input say which go where: "PATH URL".
//   node download.mjs OUT <LIST
import { createInterface } from "node:readline";
import { buildErofs, entries } from "ts-mkerofs";

async function* download() {
  for await (const line of createInterface({ input: process.stdin })) {
    const [path = "", url = ""] = line.split(" ");
    const response = await fetch(url);
    if (!response.ok || response.body === null) throw new Error(`${url}: ${response.status}`);
    const changed = response.headers.get("last-modified");
    yield { path, contents: response.body, mtime: new Date(changed ?? 0) };
  }
}

const [out = ""] = process.argv.slice(2);
// what the iterator throws ends the build, and leaves OUT as it was
const { counts, bytesRead } = await buildErofs(entries(download()), out, { compress: "lz4hc" });
console.log(`${out}: ${counts.files} files, ${bytesRead} bytes`);
