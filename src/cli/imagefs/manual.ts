/** What is to be said of `ts-imagefs`. */
import { COMPLETION_SECTION, type Manual } from "../shared/manual/manual.ts";
import type { Settings } from "./settings.ts";
import { OPTIONS, SECTIONS } from "./table.ts";

/** Everything that `--help` prints. */
export const MANUAL: Manual<Settings> = {
  name: "ts-imagefs",
  usage: ["COMMAND [OPTION]... IMAGE [PATH]..."],
  about: [
    "Looks into images of EROFS and SquashFS without mounting them: whoever has made them, with every compressor. Links on the " +
      "way of a PATH are followed within the image.",
  ],
  examples: [
    { note: "what is in it", line: "ts-imagefs ls -lR store.img" },
    { note: "one file", line: "ts-imagefs cat root.squashfs etc/os-release" },
  ],
  operands: [
    { name: "COMMAND", kind: "text", choices: Object.keys(OPTIONS), help: "what to do, as told below" },
    { name: "IMAGE", kind: "file", help: "a file or a block device with an image" },
    { name: "PATH", kind: "text", help: "an entry of the image, from its root on", isMany: true },
  ],
  sections: [
    ...SECTIONS,
    COMPLETION_SECTION,
    {
      id: "exit",
      title: "Exit status",
      entries: [
        ["0", "it is done; of verify and diff: nothing is damaged, nothing differs"],
        ["1", "the image is damaged, cannot be read, or differs; a PATH is not in it"],
        ["2", "the command line cannot be understood"],
        ["128 + N", "signal N ended it"],
      ],
    },
  ],
};
