/** Rectangles for numbers, as near to squares as can be (Bruls, Huizing, van Wijk: Squarified Treemaps, 2000). */

/** A part of a plane. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Divides a rectangle among numbers in proportion to them. The page has the text of this function: nothing of its module can be
 * used in it.
 *
 * @param sizes from the largest to the smallest; those of 0 get rectangles without an area
 */
export function squarify(sizes: readonly number[], { x, y, width, height }: Rectangle): Rectangle[] {
  const found: Rectangle[] = [];
  let left = sizes.reduce((sum, size) => sum + size, 0);
  for (let first = 0; first < sizes.length; ) {
    const side = Math.min(width, height);
    const scale = left > 0 ? (width * height) / left : 0;
    // a row grows as long as that makes its worst rectangle no worse
    let [end, sum, worst] = [first, 0, Number.POSITIVE_INFINITY];
    for (; end < sizes.length; end++) {
      const grown = sum + sizes[end]!;
      const thick = (grown * scale) / side;
      const [longest, shortest] = [(sizes[first]! * scale) / thick, (sizes[end]! * scale) / thick];
      const ratio = Math.max(thick / shortest, longest / thick);
      if (end > first && !(ratio <= worst)) break;
      worst = ratio;
      sum = grown;
    }
    const thick = side > 0 ? (sum * scale) / side : 0;
    let along = 0;
    for (; first < end; first++) {
      const length = sum > 0 ? (side * sizes[first]!) / sum : 0;
      found.push(
        width >= height
          ? { x, y: y + along, width: thick, height: length }
          : { x: x + along, y, width: length, height: thick },
      );
      along += length;
    }
    if (width >= height) {
      x += thick;
      width = Math.max(0, width - thick);
    } else {
      y += thick;
      height = Math.max(0, height - thick);
    }
    left -= sum;
  }
  return found;
}
