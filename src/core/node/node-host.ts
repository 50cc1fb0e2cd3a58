/**
 * What this package needs of what runs it. Commands ask before anything else is loaded, so this file is loaded by every
 * Node since 12: it imports nothing, and its syntax is that of 2020.
 */

/** The oldest major version of Node, as `package.json` says. */
const OLDEST_NODE = 20;

/** Why this package cannot work here, or undefined. */
export function hostComplaint(): string | undefined {
  const { node } = process.versions;
  return Number.parseInt(node, 10) < OLDEST_NODE
    ? `Node ${OLDEST_NODE} or newer is needed, and this is Node ${node}`
    : undefined;
}
