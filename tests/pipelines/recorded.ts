import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where the recorded results of Hugging Face's pipelines lie, with the models they are of. */
const folder: URL = new URL("../../fixtures/pipelines/", import.meta.url);

export function readRecorded<Recorded>(name: string): Recorded {
  const parsed: Recorded = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
  return parsed;
}

export function pathOf(name: string): string {
  return fileURLToPath(new URL(name, folder));
}
