/**
 * What Nix prints as JSON of store paths:
 *
 *     [{"path": "/nix/store/…", "narHash": "sha256-…", "references": […]}]            Nix up to 2.18, Lix
 *     {"/nix/store/…": {"narHash": "sha256-…", "references": […]}}                     Nix from 2.19 on
 *     {"version": 2, "storeDir": "/nix/store", "info": {"…-name": {…}}}                --json-format 2: names without the store
 *     {"exportReferencesGraph": {"closure": […]}, "closure": [{"path": …}]}            .attrs.json of a build
 */

import { toHex } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { excerpt } from "../../../../core/excerpt.ts";
import { decodeBase64 } from "../../../text/base64.ts";
import { parseJson } from "../../../text/json-text.ts";
import { type KnownPath, sorted } from "../known-path.ts";
import { checkStorePath, fromHex, parseSha256, toBase32 } from "../nix-hash.ts";

type Json = Readonly<Record<string, unknown>>;

/** Reads any of these. Throws `INPUT`. @param name what messages call the file */
export function parsePathInfos(text: string, name: string): KnownPath[] {
  const value = parseJson(text, name);
  const where: Where = { name, storeDir: "/nix/store" };
  if (Array.isArray(value)) return readList(value, where);
  if (!isObject(value)) throw refuse(name, "holds no object and no array");
  const { exportReferencesGraph: graphs, info, storeDir = where.storeDir } = value;
  if (isObject(graphs)) {
    const all = Object.keys(graphs).flatMap((graph) => {
      const list = value[graph];
      if (!Array.isArray(list)) throw refuse(name, `${excerpt(graph)} of exportReferencesGraph is no array`);
      return readList(list, where);
    });
    return [...new Map(all.map((each) => [each.path, each])).values()];
  }
  if (typeof storeDir !== "string") throw refuse(name, `storeDir: ${showJson(storeDir)} is no path`);
  const paths = isObject(info) ? info : value;
  return Object.entries(paths)
    .filter(([key]) => paths === info || (key !== "storeDir" && key !== "version"))
    .map(([path, each]) => readInfo(path, each, { name, storeDir }));
}

/** What messages call the file, and where paths lie that are names alone. */
interface Where {
  name: string;
  storeDir: string;
}

function readList(list: readonly unknown[], where: Where): KnownPath[] {
  return list.map((each, index) => {
    if (!isObject(each) || typeof each.path !== "string") {
      throw refuse(where.name, `element ${index + 1}: ${showJson(each)} names no path`);
    }
    return readInfo(each.path, each, where);
  });
}

function readInfo(given: string, info: unknown, { name, storeDir }: Where): KnownPath {
  const whole = (path: string) => checkStorePath(path.includes("/") ? path : `${storeDir}/${path}`, name);
  const path = whole(given);
  if (info === null || (isObject(info) && info.valid === false)) {
    throw refuse(name, `${path} is not valid in the store that was asked`, path);
  }
  if (!isObject(info)) throw refuse(name, `${path}: ${showJson(info)} is no object`, path);
  const fail = (key: string, what: string) =>
    refuse(name, `${path}: ${key}: ${showJson(info[key])} is no ${what}`, path);
  const take = <T>(key: string, what: string, read: (value: unknown) => T | undefined): T | undefined => {
    if (info[key] === undefined || info[key] === null) return undefined;
    const value = read(info[key]);
    if (value === undefined) throw fail(key, what);
    return value;
  };
  const number = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
  const references = take("references", "array of paths", (value) => (isTexts(value) ? value.map(whole) : undefined));
  const signatures = take("signatures", "array of signatures", readSignatures);
  return {
    path,
    narHash: take("narHash", "SHA-256", readHash),
    narSize: take("narSize", "number", number),
    references: references && sorted(references),
    deriver: take("deriver", "path", (value) => (typeof value === "string" ? whole(value) : undefined)),
    signatures: signatures && sorted(signatures),
    ca: take("ca", "content address", readContentAddress),
    ultimate: take("ultimate", "boolean", (value) => (typeof value === "boolean" ? value : undefined)),
    registrationTime: take("registrationTime", "number", number),
  };
}

/** A text, or an object of its parts. */
function readHash(value: unknown): string | undefined {
  if (typeof value === "string") return parseSha256(value);
  if (!isObject(value) || value.algorithm !== "sha256" || typeof value.hash !== "string") return undefined;
  return parseSha256(value.format === "base64" ? `sha256-${value.hash}` : value.hash);
}

function readSignatures(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.map((each) =>
    isObject(each) && typeof each.keyName === "string" && typeof each.sig === "string"
      ? `${each.keyName}:${each.sig}`
      : each,
  );
  return isTexts(texts) ? texts : undefined;
}

/** How methods stand in a content address that is a text. */
const METHODS: Readonly<Record<string, string>> = { nar: "fixed:r:", flat: "fixed:", git: "fixed:git:", text: "text:" };

/** A text, or an object of its parts. */
function readContentAddress(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!isObject(value) || typeof value.method !== "string") return undefined;
  const method = METHODS[value.method];
  const hash = readAnyHash(value.hash);
  return method === undefined || hash === undefined ? undefined : `${method}${hash}`;
}

/** A hash of any algorithm as content addresses have it: `sha256:` and base 32. */
function readAnyHash(value: unknown): string | undefined {
  if (typeof value === "string") {
    const [, algorithm, digits] = /^([a-z0-9]+)-(.+)$/.exec(value) ?? [];
    return digits === undefined ? value : readAnyHash({ algorithm, format: "base64", hash: digits });
  }
  if (!isObject(value) || typeof value.algorithm !== "string" || typeof value.hash !== "string") return undefined;
  const { algorithm, format, hash } = value;
  if (format === "nix32" || format === "base32") return `${algorithm}:${hash}`;
  const bytes = format === "base64" ? decodeBase64(hash) : /^(?:[0-9a-f]{2})+$/.test(hash) ? fromHex(hash) : undefined;
  return bytes && toHex(bytes) !== "" ? `${algorithm}:${toBase32(bytes)}` : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function showJson(value: unknown): string {
  if (typeof value === "string") return excerpt(value);
  // what is in it may be nested too deeply to be shown
  return Array.isArray(value) ? "an array" : isObject(value) ? "an object" : String(value);
}

function refuse(name: string, why: string, path: string = name): ImageError {
  return new ImageError("INPUT", `${name}: ${why}`, { path });
}
