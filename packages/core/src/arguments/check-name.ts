import { LongspanError } from "../errors/longspan-error.ts";
import { nearestName } from "../text/nearest-name.ts";
import { shownValue } from "../text/shown-value.ts";

/**
 * Refuses a name that is none. `what` is what it names; `of`, whose it is, with the word before it; `spellings`, what else people write for the names.
 * @throws LongspanError `argument-invalid` with the name that was probably meant, and all there are.
 */
export function checkName(
  what: string,
  given: unknown,
  names: readonly string[],
  spellings: Readonly<Record<string, string>> = {},
  of = "",
): void {
  if (typeof given === "string" && names.includes(given)) return;
  const meant = typeof given === "string" ? nameMeant(given, names, spellings) : undefined;
  const advice = meant === undefined ? "" : ` Write ${JSON.stringify(meant)}.`;
  throw new LongspanError("argument-invalid", `There is no ${what} ${shownValue(given)}${of}.${advice} There are: ${names.join(", ")}.`, {
    details: { [what === "data type" ? "dataType" : what]: given, names },
  });
}

function nameMeant(given: string, names: readonly string[], spellings: Readonly<Record<string, string>>): string | undefined {
  const spelled = given
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/^torch\./, "");
  const known = Object.hasOwn(spellings, spelled) ? spellings[spelled] : undefined;
  return known !== undefined && names.includes(known)
    ? known
    : (names.find((name) => name.toLowerCase() === spelled) ?? nearestName(given, names) ?? nearestName(spelled, names));
}
