/**
 * Throws, when it is loaded, where this package cannot work. A Node before 15 understands neither this package nor the
 * assignment below: it prints the line, which says why, and "SyntaxError". Node 16 and 18 get the error.
 */
import { hostComplaint } from "./core/node/node-host.ts";

let complaint = hostComplaint();
complaint &&= `ts-mkerofs: ${complaint}`; // ts-mkerofs: Node 20 or newer is needed
if (complaint !== undefined) throw new Error(complaint);
