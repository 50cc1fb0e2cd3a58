// The root filesystem of a sandbox, from a tree in memory: owners, devices and modes that only root could give to files. A
// virtual machine boots it and runs the command as a user who owns nothing but /home/agent; nobody has to be root to make it.
//   node sandbox-root.mjs OUT BUSYBOX COMMAND
import { readFile } from "node:fs/promises";
import { buildErofs, entries } from "ts-mkerofs";

const [out = "", busybox = "", command = ""] = process.argv.slice(2);

const init = `#!/bin/sh
mount -t proc proc /proc
mount -t tmpfs -o mode=1777 tmp /tmp
su agent -c "$(cat /etc/command)"
poweroff -f
`;
const programs = ["cat", "id", "ls", "mount", "poweroff", "sh", "su"];

/** @type {import("ts-mkerofs").Entry[]} */
const tree = [
  { path: "bin/busybox", contents: await readFile(busybox), mode: 0o755 },
  ...programs.map((name) => ({ path: `bin/${name}`, kind: /** @type {const} */ ("symlink"), target: "busybox" })),
  { path: "dev/console", kind: "char", major: 5, minor: 1, mode: 0o600 },
  { path: "dev/null", kind: "char", major: 1, minor: 3, mode: 0o666 },
  { path: "etc/command", contents: command },
  { path: "etc/passwd", contents: "root:x:0:0::/:/bin/sh\nagent:x:1000:1000::/home/agent:/bin/sh\n" },
  { path: "etc/shadow", contents: "root:!::\nagent:!::\n", mode: 0o600 },
  { path: "home/agent", kind: "directory", uid: 1000, gid: 1000, mode: 0o700 },
  { path: "init", contents: init, mode: 0o755 },
  { path: "proc", kind: "directory", mode: 0o555 },
  { path: "tmp", kind: "directory", mode: 0o1777 },
];

const { minimumKernel } = await buildErofs(entries(tree), out, { label: "sandbox" });
console.log(`${out}: for Linux ${minimumKernel} and later`);
