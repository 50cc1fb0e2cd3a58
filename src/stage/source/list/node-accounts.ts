/** Names of users and groups of this machine. */
import { readFileSync } from "node:fs";
import { type Accounts, parseAccounts } from "./accounts.ts";

/** Reads `/etc/passwd` and `/etc/group`, where they are; accounts that come from elsewhere are not known. */
export function readAccounts(): Accounts {
  const read = (path: string) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      // "root" is known without it; of other names the error says that they are not
      return "";
    }
  };
  return parseAccounts(read("/etc/passwd"), read("/etc/group"));
}
