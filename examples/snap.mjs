// A snap: what `mksquashfs DIR OUT -noappend -comp xz -no-fragments -all-root -no-xattrs` makes, on any host.
//   node snap.mjs DIR OUT
import { access } from "node:fs/promises";
import { join } from "node:path";
import { buildSquashfs, directory } from "ts-mkerofs";

const [folder = "", out = ""] = process.argv.slice(2);

await access(join(folder, "meta/snap.yaml")); // without it snapd takes it for none
const { bytes, counts } = await buildSquashfs(directory(folder), out, {
  compressor: "xz",
  fragments: "none",
  owner: "root",
  xattrs: false,
});
console.log(`${out}: ${counts.files} files in ${bytes} bytes`);
