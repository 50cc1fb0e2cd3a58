/**
 * Memory for what segments hold until they are written: one stretch of it behind another, freed in the order in which they
 * were taken. A machine pays for memory when it is touched for the first time, so as long as segments are written at once,
 * all of them lie at the start.
 *
 *     | free | oldest | … | newest | being filled → | free |
 */
export class Ring {
  readonly #length: number;
  readonly #room: number;
  /** Where the stretches that are held start; the oldest is first. */
  readonly #starts: number[] = [];
  /** Where the newest of them ends. */
  #end = 0;

  /** Bytes of a ring. What lies behind the last stretch or before the oldest may be too little for one, so there are two rooms. */
  static measure(room: number, held: number): number {
    return held + 2 * room;
  }

  /**
   * @param room bytes that a stretch may need
   * @param held bytes that stretches may hold when another one starts
   */
  constructor(room: number, held: number) {
    this.#room = room;
    this.#length = Ring.measure(room, held);
  }

  /** Starts a stretch, in which there is `room`; returns where it starts. */
  open(): number {
    const oldest = this.#starts[0];
    let start = this.#end;
    if (oldest === undefined) start = 0;
    else if (oldest <= start && this.#length - start < this.#room) start = 0;
    this.#starts.push(start);
    return start;
  }

  /** Ends the stretch that was started last. */
  close(end: number): void {
    this.#end = end;
  }

  /** Frees the oldest stretch. */
  free(): void {
    this.#starts.shift();
  }
}
