/** What a database holds of a derivation: `Derive([("out","/nix/store/…","",""),…],…`. */
import { ImageError } from "../../../../core/error.ts";

/** An output of a derivation: its name and path. */
export type DerivationOutput = readonly [name: string, path: string];

const STRING = /"((?:[^"\\]|\\.)*)"/y;

/**
 * The outputs of a `.drv` file whose paths it knows, in byte order of their names. (Others are known when they are built.)
 *
 * @param text the file, as a latin1 string
 * @throws ImageError `INPUT` where it is no derivation
 */
export function parseDerivationOutputs(text: string, path: string): DerivationOutput[] {
  let at = 0;
  const outputs: DerivationOutput[] = [];
  expect("Derive([");
  while (text[at] === "(") {
    expect("(");
    const [name, output] = [string(","), string(",")];
    string(",");
    string(")");
    if (output !== "") outputs.push([name, output]);
    if (text[at] === ",") at++;
  }
  expect("],");
  return outputs.sort(([a], [b]) => (a < b ? -1 : 1));

  function expect(what: string): void {
    if (!text.startsWith(what, at)) throw new ImageError("INPUT", `${path}: is no derivation`, { path, offset: at });
    at += what.length;
  }

  /** A text in quotes and what follows it. */
  function string(end: string): string {
    STRING.lastIndex = at;
    const found = STRING.exec(text);
    at = found ? STRING.lastIndex : text.length;
    expect(end);
    return found![1]!.replace(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
