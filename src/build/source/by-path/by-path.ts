/** What entries of a tree are to be by their paths in the image, as files of this machine say it. */
import type { CallFolder } from "../../../core/node/node-folder.ts";
import type { StagePolicy } from "../../../stage/tree/policy.ts";
import type { RunOptions } from "../../options.ts";
import { markOverlay } from "../overlay-marks.ts";
import type { Staged } from "../part.ts";

/** Options by which it is asked for. */
type ByPathOptions = Pick<RunOptions, "fileContexts" | "fsConfigFile" | "productOut" | "mountPoint" | "owner">;

/** Whether the whole tree has to be known. */
export function asksByPath({ fileContexts, fsConfigFile, productOut }: ByPathOptions): boolean {
  return [fileContexts, fsConfigFile, productOut].some((each) => each !== undefined);
}

/** Gives entries modes, owners and capabilities, and directories what overlayfs is to know of them. */
export async function configureByPath(
  listed: Staged,
  options: ByPathOptions,
  folder: CallFolder,
  policy: StagePolicy,
): Promise<Staged> {
  const staged = policy.overlay === "mark" ? markOverlay(listed) : listed;
  const { fsConfigFile, productOut, mountPoint, owner } = options;
  if (fsConfigFile === undefined && productOut === undefined) return staged;
  const { configureTree } = await import("./android-tree.ts");
  const place = (path: string | undefined) => (path === undefined ? undefined : folder.resolveText(path));
  const from = { fsConfigFile: place(fsConfigFile), productOut: place(productOut), mountPoint, owner };
  return configureTree(staged, from, policy);
}

/** Gives entries labels. */
export async function labelByPath(staged: Staged, options: ByPathOptions, folder: CallFolder): Promise<Staged> {
  const { fileContexts, mountPoint } = options;
  if (fileContexts === undefined) return staged;
  const { labelTree } = await import("./label-tree.ts");
  return labelTree(staged, folder.resolveText(fileContexts), mountPoint);
}
