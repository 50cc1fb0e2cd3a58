/**
 * The kernel that guests boot, as `.ci/run` unpacks it: the folder `TS_MKEROFS_GUEST` holds `boot/vmlinuz-*`,
 * `boot/config-*` and `lib/modules/*` of a package of Linux for x86-64, with a list of what each module needs (depmod).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCommand } from "../oracle.ts";

/** An unpacked kernel. */
export interface GuestKernel {
  image: string;
  modules: string;
  /** The options that it was built with, as `CONFIG_` names them. */
  options: ReadonlySet<string>;
}

/** The kernel, if this machine has one, and all that it takes to boot it. */
export function findGuestKernel(): GuestKernel | undefined {
  const folder = process.env.TS_MKEROFS_GUEST;
  const programs = ["qemu-system-x86_64", "busybox", "ldd"];
  if (folder === undefined || process.arch !== "x64" || !programs.every(hasCommand)) return undefined;
  const find = (at: string, start: string) => {
    const path = join(folder, at);
    const name = existsSync(path) ? readdirSync(path).find((each) => each.startsWith(start)) : undefined;
    return name === undefined ? undefined : join(path, name);
  };
  const [image, config, modules] = [find("boot", "vmlinuz-"), find("boot", "config-"), find("lib/modules", "")];
  if (image === undefined || config === undefined || modules === undefined) return undefined;
  const options = readFileSync(config, "latin1").matchAll(/^CONFIG_(\w+)=[ym]$/gm);
  return { image, modules, options: new Set([...options].map(([, name]) => name!)) };
}

/** Files of modules with all that they need, in the order in which they can be loaded; what is built in has none. */
export function modulesFor({ modules }: GuestKernel, names: readonly string[]): string[] {
  const needs = new Map(
    readFileSync(join(modules, "modules.dep"), "utf8")
      .split("\n")
      .flatMap((line) => {
        const [path, rest] = line.split(":");
        return rest === undefined ? [] : [[path!, rest.split(" ").filter(Boolean)] as const];
      }),
  );
  const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1).replace(/\.ko.*$/, "");
  const found = new Set<string>();
  for (const name of names) {
    const path = [...needs.keys()].find((each) => nameOf(each).replaceAll("-", "_") === name.replaceAll("-", "_"));
    // what is needed by others comes last in a row
    if (path !== undefined) for (const each of [...needs.get(path)!.toReversed(), path]) found.add(join(modules, each));
  }
  return [...found];
}
