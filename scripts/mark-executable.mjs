// The command is published as a file with a #! line; tsc writes it without the executable bit.
import { chmodSync } from "node:fs";

chmodSync(new URL("../dist/cli/main.js", import.meta.url), 0o755);
