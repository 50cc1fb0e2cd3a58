/** DEFLATE's first level as EROFS has it: rows of numbers, records and pictures are parsed in other ways, see encode/advice.as. */
import type { CodecWindows } from "../codec.ts";
import { SecondLookCodec } from "../second-look.ts";
import { DEFLATE_STREAM, type DeflateExports, deflateFunctions, REACH } from "./stream.ts";
import { BETTER_WAYS, FIRST_WAYS, type Way } from "./ways.ts";

/** Level 1. */
export class FirstLevel extends SecondLookCodec<DeflateExports, Way> {
  constructor(windows: CodecWindows) {
    super("deflate,1", DEFLATE_STREAM, windows, FIRST_WAYS, (exports, wayOf) =>
      deflateFunctions(exports, wayOf, REACH, 0),
    );
  }

  protected override better(): readonly Way[] {
    return BETTER_WAYS[this.exports.findBetterWay()] ?? [];
  }
}
