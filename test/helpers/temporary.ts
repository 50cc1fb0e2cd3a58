/** The folder of the system for temporary files, as a test has it to itself. */
import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, vi } from "vitest";

/** Has the tests of a file, or of a group, keep temporary files in a new folder of theirs. */
export function useTemporaryFolder(folder: string): void {
  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    stubTemporaryFolder(folder);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
  });
}

/** Has the system keep temporary files in a folder, until environments are theirs again. */
export function stubTemporaryFolder(folder: string): void {
  for (const name of ["TMPDIR", "TMP", "TEMP"]) vi.stubEnv(name, folder);
}
