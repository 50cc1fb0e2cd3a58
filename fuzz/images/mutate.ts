/** Changes of images: of bits and bytes, of blocks, of their length, and of fields. */
import type { Random } from "../random.ts";
import type { Field, Fields } from "./fields.ts";

/** Changes an image, and says how. */
export type Mutation = (image: Uint8Array, fields: Fields, random: Random) => { image: Uint8Array; what: string };

const BLOCKS = [32, 512, 4096];

/** Kinds of changes; those of fields are what finds most. */
const MUTATIONS: Readonly<Record<string, { weight: number; mutate: Mutation }>> = {
  field: { weight: 10, mutate: setField },
  range: { weight: 3, mutate: setRange },
  bit: { weight: 3, mutate: flipBit },
  bytes: { weight: 2, mutate: setBytes },
  blocks: { weight: 2, mutate: copyBlock },
  cut: { weight: 1, mutate: cutOff },
  longer: { weight: 1, mutate: makeLonger },
};
const CHOICES = Object.entries(MUTATIONS).flatMap(([kind, { weight }]) => new Array<string>(weight).fill(kind));

/** Changes a copy of an image one to three times. */
export function mutate(original: Uint8Array, fields: Fields, random: Random): { image: Uint8Array; what: string[] } {
  let image: Uint8Array = original.slice();
  const what: string[] = [];
  for (let left = 1 + random.below(3); left > 0; left--) {
    const kind = random.pick(CHOICES);
    const made = MUTATIONS[kind]!.mutate(image, fields, random);
    image = made.image;
    what.push(`${kind} ${made.what}`);
  }
  return { image, what };
}

function setField(image: Uint8Array, { fields }: Fields, random: Random) {
  const field = random.pick(fields);
  if (field.at + field.size > image.length) return { image, what: "none" };
  const value = fieldValue(image, field, fields, random);
  for (let byte = 0; byte < Math.min(field.size, 8); byte++)
    image[field.at + byte] = Number((value >> BigInt(8 * byte)) & 0xffn);
  return { image, what: `${field.name} at ${field.at} = ${value}` };
}

function fieldValue(image: Uint8Array, field: Field, all: readonly Field[], random: Random): bigint {
  const bits = BigInt(Math.min(field.size, 8) * 8);
  const value = readField(image, field);
  const mask = (1n << bits) - 1n;
  // what another field of that name has, or of its size, or is near to a boundary
  const others = () => {
    const same = all.filter(({ name, at, size }) => name === field.name && at + size <= image.length);
    return readField(image, random.pick(same));
  };
  const choices: (() => bigint)[] = [
    () => 0n,
    () => 1n,
    () => mask,
    () => 1n << (bits - 1n),
    () => mask >> 1n,
    () => value + 1n,
    () => value - 1n,
    () => value ^ (1n << BigInt(random.below(Number(bits)))),
    () => 1n << BigInt(random.below(Number(bits))),
    () => BigInt(image.length) >> BigInt(random.pick([0, 0, 2, 5, 9, 12])),
    () => BigInt(random.below(256)),
    others,
    others,
    () => readField(image, random.pick(all)),
  ];
  return random.pick(choices)() & mask;
}

function readField(image: Uint8Array, { at, size }: Field): bigint {
  let value = 0n;
  for (let byte = Math.min(size, 8) - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(image[at + byte] ?? 0);
  return value;
}

/** Changes a byte of what has no fields: names, targets, packs. */
function setRange(image: Uint8Array, { ranges }: Fields, random: Random) {
  if (ranges.length === 0) return { image, what: "none" };
  const { at, size, name } = random.pick(ranges);
  const from = at + random.below(size);
  if (from >= image.length) return { image, what: "none" };
  image[from] = random.pick([
    0,
    1,
    0x2e,
    0x2f,
    0x7f,
    0x80,
    0xff,
    random.below(256),
    image[from]! ^ (1 << random.below(8)),
  ]);
  return { image, what: `of "${name.slice(0, 40)}" at ${from} = ${image[from]}` };
}

function flipBit(image: Uint8Array, _fields: Fields, random: Random) {
  const at = random.below(image.length);
  if (at >= image.length) return { image, what: "none" };
  image[at]! ^= 1 << random.below(8);
  return { image, what: `at ${at}` };
}

function setBytes(image: Uint8Array, _fields: Fields, random: Random) {
  const [at, length, value] = [random.below(image.length), 1 + random.below(64), random.pick([0, 0xff, 1])];
  image.fill(value, at, at + length);
  return { image, what: `${at}+${length} = ${value}` };
}

/** Puts a block in the place of another, or both. */
function copyBlock(image: Uint8Array, _fields: Fields, random: Random) {
  const size = random.pick(BLOCKS);
  const count = Math.floor(image.length / size);
  if (count < 2) return { image, what: "none" };
  const [from, to] = [random.below(count) * size, random.below(count) * size];
  const [first, second] = [image.slice(from, from + size), image.slice(to, to + size)];
  image.set(first, to);
  if (random.oneIn(2)) image.set(second, from);
  return { image, what: `of ${size}: ${from} to ${to}` };
}

function cutOff(image: Uint8Array, _fields: Fields, random: Random) {
  const length = random.oneIn(3)
    ? image.length - 1 - random.below(Math.min(5000, image.length))
    : random.below(image.length);
  return { image: image.slice(0, Math.max(0, length)), what: `at ${length}` };
}

function makeLonger(image: Uint8Array, _fields: Fields, random: Random) {
  const longer = new Uint8Array(image.length + random.pick([1, 100, 4096, 70_000]));
  longer.set(image);
  return { image: longer, what: `to ${longer.length}` };
}
