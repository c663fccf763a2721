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
  const [found, expected] = [textOf(verdict.of(outcome.read)), textOf(verdict.read)];
  return found === expected ? "" : `is read as ${found.slice(0, 300)}, not ${expected.slice(0, 300)}`;
}

/** The same for what is the same: what JSON has no sign for is told apart, and the order of an object's properties says nothing. */
function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => {
      if (typeof part === "bigint") return `${part}n`;
      if (part === undefined || (typeof part === "number" && (!Number.isFinite(part) || Object.is(part, -0))))
        return `${String(part)} of JavaScript`;
      if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
      return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? "nothing"
  );
}

function shown(value: unknown): string {
  try {
    return textOf(value).slice(0, 300);
  } catch {
    return "something that contains itself";
  }
}
