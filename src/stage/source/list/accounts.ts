/** Names of users and groups, as `/etc/passwd` and `/etc/group` have them: `NAME:PASSWORD:ID:…` a line. */

/** Ids by name. */
export interface Accounts {
  users: ReadonlyMap<string, number>;
  groups: ReadonlyMap<string, number>;
}

/** What every system has. */
const ROOT = ["root", 0] as const;

/** Reads the two files; the first line of a name counts. */
export function parseAccounts(passwd: string, group: string): Accounts {
  return { users: parseIds(passwd), groups: parseIds(group) };
}

function parseIds(text: string): Map<string, number> {
  const ids = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, id] = /^([^:]+):[^:]*:([0-9]+)(?::|$)/.exec(line) ?? [];
    if (name !== undefined && !ids.has(name)) ids.set(name, Number(id));
  }
  return ids.has(ROOT[0]) ? ids : ids.set(...ROOT);
}
