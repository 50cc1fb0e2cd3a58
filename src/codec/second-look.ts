/**
 * Codecs that look a second time: where an output that has been filled says that another way of compressing promises more,
 * that is tried too, and what is best goes on for some outputs. It is seldom so, and nothing is tried where it is not.
 */
import type { CodecWindows, FillNotes } from "./codec.ts";
import { type CodecExports, type CodecFunctions, WasmCodec, type WasmFormat } from "./wasm-codec.ts";

/** So many bytes of output are made in a way that was better before all are tried again ... */
const REST_BYTES = 1 << 16;
/** ... and after ways that were not up to so many outputs, the more the oftener. */
const MOST_REST = 16;
/** Ways are tried where so many bytes are in sight: what is left of a file is worth the time. */
const LEAST_INPUT = 1 << 16;

/** The ways of a codec. */
export interface Ways<Way> {
  readonly usual: Way;
  /** Others, which take longer; such a one is gone when it saves the part `leastGain` at least. */
  readonly others: readonly Way[];
  readonly leastGain: number;
}

/** A codec with several ways, of which all outputs but filled ones know the usual one only. */
export abstract class SecondLookCodec<Exports extends CodecExports, Way> extends WasmCodec<Exports> {
  readonly #ways: Ways<Way>;
  /** How the next input is compressed. */
  readonly #chosen: { way: Way };

  /** @param choose gives the functions to call, which ask `wayOf` how */
  constructor(
    name: string,
    format: WasmFormat<Exports>,
    windows: CodecWindows,
    ways: Ways<Way>,
    choose: (exports: Exports, wayOf: () => Way) => CodecFunctions,
  ) {
    const chosen = { way: ways.usual };
    super(name, format, windows, (exports) => choose(exports, () => chosen.way));
    this.#ways = ways;
    this.#chosen = chosen;
  }

  /**
   * The ways that promise more than the usual one, going by the output that is there, of `produced` bytes.
   *
   * @param known the way in which it was made, if that is another one: then whether there are any says if it is still right
   */
  protected abstract better(produced: number, known: Way | undefined): readonly Way[];

  protected override encode(from: number, to: number, at: number, limit: number, notes: FillNotes | undefined): number {
    const { usual, others, leastGain } = this.#ways;
    const compress = (way: Way) => {
      this.#chosen.way = way;
      return super.encode(from, to, at, limit, notes);
    };
    if (notes === undefined) return compress(usual);
    const known = others[notes.search - 1];
    const produced = compress(known ?? usual);
    const better = produced > 0 ? this.better(produced, known) : [];
    if (known !== undefined) {
      notes.rest--;
      if (notes.rest <= 0 || better.length === 0) forget(notes);
      return produced;
    }
    if (better.length === 0 || to - from < LEAST_INPUT) return produced;
    if (notes.rest > 0) {
      notes.rest--;
      return produced;
    }
    const ratio = this.consumed / produced;
    const best = this.keepBest(at, produced, better, compress);
    if (best.way !== undefined && this.consumed / best.produced >= ratio * (1 + leastGain)) {
      notes.search = others.indexOf(best.way) + 1;
      notes.failed = 0;
      notes.rest = Math.max(1, Math.floor(REST_BYTES / limit));
    } else {
      notes.failed++;
      notes.rest = Math.min(2 ** notes.failed, MOST_REST) - 1;
    }
    return best.produced;
  }
}

function forget(notes: FillNotes): void {
  notes.search = 0;
  notes.failed = 0;
  notes.rest = 0;
}
