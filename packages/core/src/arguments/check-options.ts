import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";
import { checkName } from "./check-name.ts";
import { checkSettled } from "./check-settled.ts";

/** The names of all options of an interface: what lacks one of them, or has another, does not compile. */
export type OptionNames<Options extends object> = Readonly<Record<keyof Options, true>>;

/** What other programs call the options. */
const spellings: Readonly<Record<string, string>> = {
  dtype: "dataType",
  "torch-dtype": "dataType",
  absolute: "tolerance",
  atol: "tolerance",
  path: "model",
};

/**
 * Refuses what are no options, and options that there are not, so that nothing a caller wrote is passed over. `of` is the function that takes them, as it
 * is called; none at all are none.
 * @throws LongspanError `argument-invalid` with the option that was probably meant, and all there are.
 */
export function checkOptions(options: unknown, names: Readonly<Record<string, true>>, of: string): void {
  if (options === undefined) return;
  checkSettled(options, `What ${of} is given as options`, "await before it");
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new LongspanError(
      "argument-invalid",
      `Options are given by name, and ${of} was given ${shownValue(options)} instead: write { ${Object.keys(names)[0]}: … }. There are: ${Object.keys(names).join(", ")}.`,
    );
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(names, name)) checkName("option", name, Object.keys(names), spellings, ` of ${of}`);
    if (value === undefined) continue;
    if (name === "signal" && !("aborted" in Object(value))) throw wrongOption(name, value, "an AbortSignal: write controller.signal");
    if (/^on[A-Z]/.test(name) && typeof value !== "function") throw wrongOption(name, value, "a function");
  }
}

/** The error for an option that is something else than it has to be. */
export function wrongOption(name: string, found: unknown, expected: string): LongspanError {
  return new LongspanError("argument-invalid", `The option ${name} is ${shownValue(found)}; it is ${expected}.`, {
    details: { option: name },
  });
}
