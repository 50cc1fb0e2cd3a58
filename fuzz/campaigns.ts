/** All campaigns, by the names by which they are asked for. */
import type { Campaign } from "./campaign.ts";
import { disks, faults } from "./faults.ts";
import { images } from "./images.ts";
import { lines } from "./lines.ts";
import { trees } from "./trees.ts";

/** What can be tried at random. */
export const CAMPAIGNS: Readonly<Record<string, Campaign>> = {
  faults,
  disks,
  lines,
  trees,
  erofs: images("erofs"),
  squashfs: images("squashfs"),
};
