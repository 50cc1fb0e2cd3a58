/** What the script of the page is given. */
import type { UsageKind } from "../../../inspect/usage/ledger.ts";
import type { PageNodes } from "./nodes.ts";

/** The figures of an image. */
export interface PageData {
  readonly bytes: number;
  readonly kinds: Readonly<Record<UsageKind, number>>;
  readonly nodes: PageNodes;
}
