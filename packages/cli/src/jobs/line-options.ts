import { InvalidArgumentError, type Command, type Option } from "commander";
import { LongspanError } from "@longspan/core";
import { shownValue } from "@longspan/core/adapter";
import { nearNames } from "../output/near-names.ts";
import { jobFields, type Job } from "./job.ts";

/** Options that lines have for themselves: those of the command, read as the command line reads them. */
export interface LineOptions {
  /**
   * @returns the options' values under their names in the program; undefined where the line has none
   * @throws LongspanError `inputs-invalid` naming the field.
   */
  read(job: Job): Readonly<Record<string, unknown>> | undefined;
  /** A job's fields without those that are nothing of this command. */
  used(job: Job): Job["fields"];
  /** Sentences about fields that were not used: those that are options of the whole run, and those that are nothing of the command. */
  notes(): readonly string[];
}

/**
 * @param names which options a line may have, as the program names them (`topK`); lines may write `top-k`, `top_k` or `topK`
 */
export function lineOptions(command: Command, names: readonly string[]): LineOptions {
  const options = new Map(
    command.options.filter((one) => names.includes(one.attributeName())).map((one) => [plain(one.attributeName()), one]),
  );
  const unused = new Set<string>();
  const ofRun = (field: string): Option | undefined =>
    jobFields.has(field.toLowerCase()) ? undefined : command.options.find((one) => plain(one.attributeName()) === plain(field));
  const isUsed = (field: string): boolean => {
    const found = jobFields.has(field) || options.has(plain(field));
    if (!found) unused.add(field);
    return found;
  };
  return {
    notes() {
      const fields = [...unused];
      const runs = fields.filter((field) => ofRun(field) !== undefined);
      const others = fields.filter((field) => ofRun(field) === undefined);
      const shown = others.map((field) => {
        const [near] = nearNames(field.toLowerCase(), [...jobFields, ...[...options.values()].map((one) => one.name())]);
        return `${JSON.stringify(field)}${near === undefined ? "" : ` (is ${near} meant?)`}`;
      });
      return [
        ...(others.length === 0 ? [] : [`Not used, since ${command.name()} has no such option: the fields ${shown.join(", ")}.`]),
        ...runs.map(
          (field) =>
            `Not used: the field ${JSON.stringify(field)}. ${ofRun(field)?.long ?? field} is an option of the whole run, and no line has its own.`,
        ),
      ];
    },
    used: ({ fields }) => Object.fromEntries(Object.entries(fields).filter(([field]) => isUsed(field))),
    read({ fields }) {
      const found = Object.entries(fields).flatMap(([field, value]): [string, unknown][] => {
        const option = isUsed(field) && !jobFields.has(field) ? options.get(plain(field)) : undefined;
        return option === undefined ? [] : [[option.attributeName(), valueOf(option, field, value)]];
      });
      return found.length === 0 ? undefined : Object.fromEntries(found);
    },
  };
}

function plain(name: string): string {
  return name.replaceAll(/[-_]/g, "").toLowerCase();
}

function valueOf(option: Option, field: string, value: unknown): unknown {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  // Whatever else JSON can say is no option, and may be too deep to be written as text.
  if (!parts.every((part) => ["string", "number", "boolean", "bigint"].includes(typeof part)))
    throw invalid(field, value, "It is a text, a number, true or false, or a list of them.");
  const text = parts.join(",");
  if (!option.required && !option.optional) {
    if (text === "true") return true;
    if (text === "false") return false;
    throw invalid(field, text, "It is true or false.");
  }
  if (option.argChoices !== undefined && !option.argChoices.includes(text))
    throw invalid(field, text, `Allowed are ${option.argChoices.join(", ")}.`);
  try {
    return option.argChoices === undefined && option.parseArg !== undefined ? option.parseArg(text, undefined) : text;
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw invalid(field, text, error.message);
    throw error;
  }
}

function invalid(field: string, value: unknown, why: string): LongspanError {
  const shown = shownValue(value);
  return new LongspanError("inputs-invalid", `The field ${JSON.stringify(field)} is ${shown}. ${why}`, {
    details: { field, value: shown },
  });
}
