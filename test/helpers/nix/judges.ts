/** Nix and SQLite as judges of databases. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const MAX = { maxBuffer: 1 << 28 };

/** What sqlite3 answers. */
export function askSqlite(database: string, ...statements: string[]): string {
  return execFileSync("sqlite3", [database, ...statements], { encoding: "utf8", ...MAX });
}

/** Runs a command of Nix on the store below a folder, with no daemon; what it says on standard error is thrown with its failure. */
export function askNix(
  root: string,
  command: readonly string[],
  input = "",
  environment: NodeJS.ProcessEnv = {},
): string {
  const [name, ...args] = command;
  const env = {
    ...process.env,
    NIX_REMOTE: `local?root=${root}`,
    NIX_CONFIG: "sandbox = false\nexperimental-features = nix-command\nsubstituters =\nbuild-users-group =\n",
    HOME: root,
    ...environment,
  };
  return execFileSync(name!, args, { encoding: "utf8", input, env, stdio: ["pipe", "pipe", "pipe"], ...MAX });
}

/** Has Nix load a registration into a new store below a folder; gives the path of its database. */
export function loadRegistration(root: string, registration: string): string {
  mkdirSync(join(root, "nix/store"), { recursive: true });
  askNix(root, ["nix-store", "--load-db"], registration);
  return join(root, "nix/var/nix/db/db.sqlite");
}
