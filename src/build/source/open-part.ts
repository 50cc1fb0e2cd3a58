/** Sources of every kind, opened and staged: what each comes to is a tree, its contents and sets of attributes. */
import { showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import type { TemporaryFiles } from "../../core/node/node-temporary.ts";
import { isRanged, type RangedSource } from "../../stage/source/archive/node-ranged-source.ts";
import { prepareWalk } from "../../stage/source/disk/node-walk.ts";
import { isArchive } from "../../stage/source/nix/nar/node-archive-source.ts";
import { isFileSource, type WalkStart } from "../../stage/source/node-sources.ts";
import { isMerged, isStaged, type Source, type StreamSpool } from "../../stage/source/source.ts";
import { isTransformed } from "../../stage/source/transformed.ts";
import type { StagePolicy } from "../../stage/tree/policy.ts";
import { Tree } from "../../stage/tree/tree.ts";
import type { NixOptions } from "../options.ts";
import { isImages } from "./images/images-source.ts";
import { asksNix } from "./nix-options.ts";
import type { OpenPart, SourceHost, Staged } from "./part.ts";
import type { StraightNix } from "./straight-nix.ts";

/** Opens a source. Throws `INPUT` for what is none. */
export async function openPart(source: Source, host: SourceHost): Promise<OpenPart> {
  if (isTransformed(source)) return (await import("./transformed-part.ts")).openTransformed(source, host, openPart);
  if (isMerged(source)) return (await import("./merged-part.ts")).openMerged(source, host, openPart);
  if (isImages(source)) return (await import("./images/images-part.ts")).openImages(source, host);
  if (isArchive(source)) return (await import("./archive-part.ts")).openArchives(source, host);
  if (isRanged(source)) return openRanged(source, host);
  const tree = Tree.create();
  const policy = host.policyOf(source);
  if (isStaged(source)) {
    const stage = async () => ({
      tree,
      ...(await host.here((job) => source.stage(tree, policy, job, lazySpool(host.temporary)))),
      excluded: 0,
    });
    return { tree, start: undefined, excluded: 0, stage, stores: [] };
  }
  if (!isFileSource(source)) throw new ImageError("INPUT", "the source is none that this package made");
  const start = await host.here(() => source.open(policy, tree, host.temporary));
  const { from, to } = start.paths;
  const paths = () => Array.from(from, (at, top) => showBytes(tree.names.view.subarray(at, to[top]!)));
  const known = async () => start.known?.();
  return {
    tree,
    start,
    excluded: start.excluded,
    stage: () => walk(tree, start, policy, host),
    stores: source.isStore ? [{ below: policy.below, paths, known, isAmended: start.finish !== undefined }] : [],
  };
}

/** What keeps streams, loaded with the first of them. */
function lazySpool(temporary: TemporaryFiles): StreamSpool {
  let spool: Promise<StreamSpool> | undefined;
  return {
    async add(stream) {
      spool ??= import("../../stage/source/node-stream-spool.ts").then(({ FileSpool }) => new FileSpool(temporary));
      return (await spool).add(stream);
    },
  };
}

function openRanged(source: RangedSource, host: SourceHost): OpenPart {
  const tree = Tree.create();
  const policy = host.policyOf(source);
  const stage = async (): Promise<Staged> => {
    const { ranges, xattrs, unpack, amended } = await host.here((job) =>
      source.stageRanges(tree, policy, job, host.temporary),
    );
    if (unpack !== undefined) await host.run("unpack", unpack);
    const archived = { kind: "archived", ranges } as const;
    if (amended === undefined) return { tree, contents: archived, xattrs, excluded: 0 };
    const { origins, paths } = amended;
    const shared = tree.share();
    const parts = [
      { tree: shared, contents: archived },
      { tree: shared, contents: { kind: "files", paths } as const },
    ];
    return { tree, contents: { kind: "merged", parts, origins }, xattrs, excluded: 0 };
  };
  return { tree, start: undefined, excluded: 0, stage, stores: [] };
}

async function walk(tree: Tree, start: WalkStart, policy: StagePolicy, host: SourceHost): Promise<Staged> {
  const reading = await planXattrs(tree, start, policy, host);
  try {
    await host.run("walk", prepareWalk(tree, start.paths, policy, reading?.inWalk));
  } catch (error) {
    throw start.explain(error);
  }
  tree.ensureAll();
  const found = await reading?.finish();
  const { finish } = start;
  const xattrs = finish ? await host.here((job) => finish(tree, policy, job, found)) : (found?.sets ?? [[]]);
  return { tree, contents: { kind: "files", paths: start.paths }, xattrs, excluded: start.excluded };
}

/** How attributes of what is listed are read; undefined where none are. */
async function planXattrs(tree: Tree, { paths }: WalkStart, policy: StagePolicy, host: SourceHost) {
  if (policy.xattrReader === "none") return undefined;
  return (await import("./xattrs.ts")).planXattrs(tree, paths, policy, host);
}

/** The registration of a closure that need not be listed before; undefined where it has to be, or none is asked for. */
export async function planNix(
  part: OpenPart,
  policy: StagePolicy,
  options: NixOptions,
): Promise<StraightNix | undefined> {
  return asksNix(options) ? (await import("./straight-nix.ts")).StraightNix.plan(part, policy, options) : undefined;
}
