/**
 * How the library is loaded. Whether this Node is new enough is asked first; the rest is one import further away, so that
 * an old Node, which cannot read it, gets no further than the question (see check-host.ts).
 */
import "./check-host.ts";

export * from "./index.ts";
