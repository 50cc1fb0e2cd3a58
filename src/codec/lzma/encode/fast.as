// The fast parse: the longest match of those that are worth their distance, unless the next byte begins a better one.
import { LITERAL, NEW } from "./symbols";
import { ahead, countEqual, find, foundEnd, MAX_MATCH, skip } from "./search";
import { FOUND } from "./tables";
import { rep0, rep1, rep2, rep3 } from "./state";

/** What was chosen: see LITERAL. */
export let fastBack: u32 = 0;

/** The longest match that was found where the next symbol begins, where that has been looked up already. */
let longestAhead: u32 = 0;

/** Whether a distance costs much less than another one. */
@inline
function isMuchNearer(near: u32, far: u32): bool {
  return near < far >>> 7;
}

/** The distance of the longest match that was found last. */
@inline
function lastDistance(): u32 {
  return load<u32>(foundEnd - 4);
}

@inline
function repAt(index: u32): u32 {
  return index == 0 ? rep0 : index == 1 ? rep1 : index == 2 ? rep2 : rep3;
}

@inline
function choose(back: u32, length: u32, at: u32): u32 {
  fastBack = back;
  skip(at + length - ahead);
  return length;
}

/** Chooses what comes at an address of contents up to `end`; gives its length. */
export function chooseFast(at: u32, end: u32, nice: u32): u32 {
  const longest = ahead == at ? find() : longestAhead;
  const most = min(end - at, MAX_MATCH);
  fastBack = LITERAL;
  if (most < 2) return 1;
  let repLength: u32 = 0;
  let repIndex: u32 = 0;
  for (let index: u32 = 0; index < 4; index++) {
    const other = at - repAt(index) - 1;
    if (load<u16>(at) != load<u16>(other)) continue;
    const length = countEqual(at, other, 2, most);
    if (length >= nice) return choose(index, length, at);
    if (length > repLength) {
      repLength = length;
      repIndex = index;
    }
  }
  if (longest >= nice) return choose(lastDistance() + NEW, longest, at);
  let length = longest;
  let distance: u32 = 0;
  if (length >= 2) {
    let match = foundEnd - 8;
    distance = load<u32>(match, 4);
    // one byte less, where that is much nearer
    while (match > FOUND && length == load<u32>(match - 8) + 1 && isMuchNearer(load<u32>(match - 4), distance)) {
      match -= 8;
      length = load<u32>(match);
      distance = load<u32>(match, 4);
    }
    if (length == 2 && distance >= 0x80) length = 1;
  }
  if (repLength >= 2) {
    const isEnough =
      repLength + 1 >= length || (repLength + 2 >= length && distance > 1 << 9) || (repLength + 3 >= length && distance > 1 << 15);
    if (isEnough) return choose(repIndex, repLength, at);
  }
  if (length < 2 || most <= 2) return 1;
  longestAhead = find();
  if (isBetterNext(at + 1, length, distance)) return 1;
  return choose(distance + NEW, length, at);
}

/** Whether what was found at the next byte is better than a match that begins a byte before it. */
function isBetterNext(at: u32, length: u32, distance: u32): bool {
  const next = longestAhead;
  if (next >= 2) {
    const nextDistance = lastDistance();
    if (next >= length && nextDistance < distance) return true;
    if (next == length + 1 && !isMuchNearer(distance, nextDistance)) return true;
    if (next > length + 1) return true;
    if (next + 1 >= length && length >= 3 && isMuchNearer(nextDistance, distance)) return true;
  }
  const least = max(2, length - 1);
  for (let index: u32 = 0; index < 4; index++) {
    if (countEqual(at, at - repAt(index) - 1, 0, least) == least) return true;
  }
  return false;
}
