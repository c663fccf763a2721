import type { HostileCase } from "../../fixtures/hostile/hostile-case.ts";
import { outcomeOf } from "./readers.ts";

/** Reads a case's files. @returns what is not as it must be; an empty text when all is */
export async function checkCase({ reader, files, fileName, verdict }: HostileCase): Promise<string> {
  const made = await files();
  let outcome: Awaited<ReturnType<typeof outcomeOf>>;
  try {
    outcome = await outcomeOf(reader, made, fileName);
  } catch (error) {
    return `throws what no reader may throw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  if ("refused" in verdict) {
    if (!("refused" in outcome)) return `is read, and must be refused with ${verdict.refused}: ${shown(outcome.read)}`;
    return outcome.refused === verdict.refused ? "" : `is refused with ${outcome.refused}, not ${verdict.refused}: ${outcome.message}`;
  }
  if ("refused" in outcome) return `is refused with ${outcome.refused}, and must be read: ${outcome.message}`;
  const [found, expected] = [JSON.stringify(verdict.of(outcome.read)), JSON.stringify(verdict.read)];
  return found === expected ? "" : `is read as ${found.slice(0, 300)}, not ${expected.slice(0, 300)}`;
}

function shown(value: unknown): string {
  return (JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? [...part.subarray(0, 16)] : part)) ?? "").slice(0, 300);
}
