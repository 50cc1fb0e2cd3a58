/** Manual pages as they are packed, and completions as they are printed: every option is in each, and shells take them. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { MANUAL as GENSQUASHFS } from "../../src/cli/gensquashfs/manual.ts";
import { MANUAL as IMAGEFS } from "../../src/cli/imagefs/manual.ts";
import { OPTIONS as LOOKS } from "../../src/cli/imagefs/table.ts";
import { MANUAL as MKEROFS } from "../../src/cli/mkerofs/manual.ts";
import { MANUAL as MKSQUASHFS } from "../../src/cli/mksquashfs/manual.ts";
import { type Manual, optionsOf } from "../../src/cli/shared/manual/manual.ts";
import { type CommandName, commandPath } from "../helpers/commands.ts";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));
const read = (path: string) => readFileSync(`${dist}/${path}`, "utf8");
const manuals = [MKEROFS, MKSQUASHFS, GENSQUASHFS, IMAGEFS] as unknown as readonly Manual<never>[];
const { man } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { man: string[] };

describe.each(manuals.map((manual) => [manual.name, manual] as const))("%s", (name, manual) => {
  const options = optionsOf(manual).filter(({ isRefused }) => !isRefused);
  const names = options.flatMap((option) => option.names);
  const words = options.flatMap((option) => option.words.filter(({ isRefused }) => !isRefused));

  test("its page is listed, and has every option, word, operand and example", () => {
    expect(man).toContain(`./dist/man/${name}.1`);
    const page = read(`man/${name}.1`).replaceAll("\\-", "-").replaceAll("\\e", "\\");
    const labels = page.match(/(?<=^\.TP\n\.B ).*$/gm)!;
    const shown = new Set(labels.flatMap((label) => label.split(/[,\s=[\]]+|(?=[#<])|(?<=^-\w)(?=X)/)));
    expect(names.filter((each) => !shown.has(each))).toEqual([]);
    expect(words.flatMap((word) => word.names).filter((each) => !labels.some((label) => label.includes(each)))).toEqual(
      [],
    );
    expect(manual.operands.filter((operand) => !labels.includes(operand.name))).toEqual([]);
    for (const { line } of manual.examples) expect(page).toContain(`\n${line}\n`);
    for (const line of page.split("\n")) expect(line).toMatch(/^(?![.'])|^\.(?:TH|SH|PP|TP|RS|RE|B|br|nf|fi)\b/);
  });

  const completion = (shell: string) =>
    execFileSync(process.execPath, [commandPath(name.slice(3) as CommandName), `--completion=${shell}`], {
      encoding: "utf8",
    });

  test("each completion has every option", () => {
    const bash = new Set(
      completion("bash")
        .match(/(?<=^ +\[\[ \$cur == -\* \]\] && words=').*(?='$)/m)![0]
        .split(" "),
    );
    expect(names.filter((each) => !bash.has(each))).toEqual([]);
    const zsh = new Set(completion("zsh").match(/(?<=^ +'\*)-[\w-]*?(?==?-?\+?\[)/gm));
    expect(names.filter((each) => !zsh.has(each))).toEqual([]);
    const fish = [...completion("fish").matchAll(/ -([slo]) (\S+)/g)].map(
      ([, kind, word]) => `${kind === "l" ? "--" : "-"}${word}`,
    );
    expect(names.filter((each) => !fish.includes(each))).toEqual([]);
  });

  test("of another shell it says what is wrong", () => {
    const words = [commandPath(name.slice(3) as CommandName), "--completion=tcsh"];
    const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toContain("completion");
  });

  // of what a system has not there is nothing to ask
  test.skipIf(process.platform === "win32")("bash completes by it", () => {
    const script = completion("bash");
    const complete = (...line: string[]) => {
      const typed = [name, ...line].map((word) => `'${word}'`).join(" ");
      const ask = `COMP_WORDS=(${typed}); COMP_CWORD=${line.length}; _${name.replaceAll("-", "_")}; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync("bash", ["-c", `${script}\n${ask}`], {
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      return stdout.split("\n").filter((word) => word !== "");
    };
    for (const each of names) expect(complete(each)).toContain(each);
    for (const option of options.filter(({ value }) => (value?.choices?.length ?? 0) > 0)) {
      const choices = option.value!.choices!;
      expect(complete(option.names[0]!, choices[0]!.slice(0, 1))).toContain(choices[0]);
      expect(complete(option.names[0]!, "=", "")).toEqual(expect.arrayContaining([...choices]));
    }
    for (const word of name === "ts-imagefs" ? Object.keys(LOOKS) : [])
      expect(complete(word.slice(0, 2))).toContain(word);
  });
});
