/** "Did you mean": of the words that would have been right, the one that is nearest to what was typed. */

/** How many letters may be wrong in a word of so many, dashes in front not counted. */
function tolerance(letters: number): number {
  if (letters <= 2) return 0;
  if (letters <= 5) return 1;
  return letters < 12 ? 2 : 3;
}

/**
 * The candidate with the fewest wrong letters, of which a few are allowed; of equally near ones the first. Where there is
 * none, the only one that begins like what was typed, or that it begins with. Case and dashes in front count nothing.
 */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const word = bare(typed);
  const limit = tolerance(word.length);
  let [best, fewest] = [undefined as string | undefined, limit + 1];
  for (const candidate of candidates) {
    if (Math.abs(bare(candidate).length - word.length) > limit) continue;
    const wrong = countWrong(word, bare(candidate));
    if (wrong < fewest) [best, fewest] = [candidate, wrong];
  }
  if (best !== undefined || word.length < 3) return best;
  const longer = candidates.filter((candidate) => bare(candidate).startsWith(word));
  const shorter = candidates.filter((candidate) => bare(candidate).length >= 3 && word.startsWith(bare(candidate)));
  return longer.length === 1 ? longer[0] : shorter.length === 1 ? shorter[0] : undefined;
}

/** One line that names the {@link nearest} candidate; undefined where none is near. */
export function didYouMean(typed: string, candidates: readonly string[]): string | undefined {
  const found = nearest(typed, candidates);
  return found === undefined ? undefined : `Did you mean ${found}?`;
}

/** What is said of a word that is none of the candidates, in one line. @param what they are */
export function noSuch(what: string, typed: string, candidates: readonly string[]): string {
  const meant = didYouMean(typed, candidates);
  return `there is no ${what} "${typed}"${meant === undefined ? "" : `. ${meant}`}`;
}

function bare(word: string): string {
  return word.replace(/^-+/, "").toLowerCase();
}

/** Letters to add, to drop, to change, or to swap with their neighbours: the optimal string alignment distance. */
function countWrong(a: string, b: string): number {
  let [before, last] = [new Uint16Array(0), Uint16Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = new Uint16Array(b.length + 1);
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
