/** Dates in fixed formats are what date(1) makes of them. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { DATES } from "./dates.ts";

test.skipIf(!oracle("date", hasCommand("date"))).each(DATES)("%s is %d", (text, seconds) => {
  const env = { ...process.env, TZ: "UTC" };
  const { stdout } = spawnSync("date", ["-u", "-d", text, "+%s"], { encoding: "utf8", env });
  expect(stdout).toBe(`${seconds}\n`);
});
