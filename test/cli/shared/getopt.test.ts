import { describe, expect, test } from "vitest";
import { getopt, type OptionSpec, UsageError } from "../../../src/cli/shared/getopt.ts";

const TABLE: readonly OptionSpec[] = [
  { names: ["-T"], argument: "required" },
  { names: ["-L"], argument: "required" },
  { names: ["-E"], argument: "required" },
  { names: ["-V", "--version"], argument: "none" },
  { names: ["-h", "--help"], argument: "none" },
  { names: ["--workers"], argument: "required" },
  { names: ["--offset"], argument: "required" },
  { names: ["--offset-from"], argument: "required" },
  { names: ["--tar"], argument: "optional" },
];

/** `-T=0` for an option with a value, `-V` for one without, `'img'` for an operand. */
const parse = (...argv: string[]) =>
  Array.from(getopt(argv, TABLE), (argument) => {
    if (argument.option === undefined) return `'${argument.value}'`;
    return argument.value === undefined ? argument.name : `${argument.name}=${argument.value}`;
  });

describe("getopt", () => {
  test.each([
    [[], []],
    [["-T0"], ["-T=0"]],
    [["-T", "0"], ["-T=0"]],
    [["-T", "-1"], ["-T=-1"]],
    [["-T", "--"], ["-T=--"]],
    [["-T="], ["-T=="]],
    [
      ["-Lx", "-Ea,b"],
      ["-L=x", "-E=a,b"],
    ],
    [["-L", ""], ["-L="]],
    [["-Vh"], ["-V", "-h"]],
    [["-VT0"], ["-V", "-T=0"]],
    [
      ["-VT", "0"],
      ["-V", "-T=0"],
    ],
    [["--workers=2"], ["--workers=2"]],
    [["--workers", "2"], ["--workers=2"]],
    [["--workers="], ["--workers="]],
    [["--workers=a=b"], ["--workers=a=b"]],
    [["--workers=a\nb"], ["--workers=a\nb"]],
    [["--workers", "--help"], ["--workers=--help"]],
    [["--work=2"], ["--workers=2"]],
    [["--w", "2"], ["--workers=2"]],
    [["--offset=1"], ["--offset=1"]],
    [["--offset-=1"], ["--offset-from=1"]],
    [["--tar"], ["--tar"]],
    [["--tar=f"], ["--tar=f"]],
    [
      ["--tar", "f"],
      ["--tar", "'f'"],
    ],
    [["--ta=f"], ["--tar=f"]],
    [
      ["img", "-V", "src", "-T0"],
      ["'img'", "-V", "'src'", "-T=0"],
    ],
    [
      ["-V", "--", "-T0", "--", "-"],
      ["-V", "'-T0'", "'--'", "'-'"],
    ],
    [
      ["-", "src"],
      ["'-'", "'src'"],
    ],
    [[""], ["''"]],
  ])("%j is %j", (argv, expected) => {
    expect(parse(...argv)).toEqual(expected);
  });

  test.each([
    [["-q"], "-q: unknown option"],
    [["-Vq"], "-q: unknown option"],
    [["-é"], "-é: unknown option"],
    [["-😀x"], "-😀: unknown option"],
    [["-T"], "-T: needs an argument"],
    [["-VT"], "-T: needs an argument"],
    [["--nope"], "--nope: unknown option"],
    [["--nope=1"], "--nope: unknown option"],
    [["--=1"], "--: ambiguous, may be --version, --help, --workers, --offset, --offset-from, --tar"],
    [["--workers"], "--workers: needs an argument"],
    [["--work"], "--workers: needs an argument"],
    [["--off=1"], "--off: ambiguous, may be --offset, --offset-from"],
    [["--version=1"], "--version: takes no argument"],
    [["--version="], "--version: takes no argument"],
    [["-T0", "--workersx"], "--workersx: unknown option", "Did you mean --workers?"],
    [["--wrokers=2"], "--wrokers: unknown option", "Did you mean --workers?"],
    [["--ofset"], "--ofset: unknown option", "Did you mean --offset?"],
    [["-workers=2"], "-w: unknown option", "Did you mean --workers?"],
    [["-t", "0"], "-t: unknown option", "Did you mean -T?"],
  ])("%j is refused: %s", (argv, message, hint?: string) => {
    expect(() => parse(...argv)).toThrow(new UsageError(message, hint));
  });

  test("what is refused is not suggested", () => {
    const words = getopt(["--wrokers"], [{ names: ["--workers"], argument: "required", isRefused: true }]);
    expect(() => words.next()).toThrow(new UsageError("--wrokers: unknown option"));
  });

  test("reads no further than its caller asks", () => {
    const words = getopt(["-V", "--nope"], TABLE);
    expect(words.next().value).toMatchObject({ name: "-V" });
    expect(() => words.next()).toThrow(UsageError);
  });
});
