import { LongspanError } from "@longspan/core";
import { checkOptions, type OptionNames, shownValue } from "@longspan/core/adapter";
import { isBearerToken } from "./bearer-token.ts";
import { servedTasks } from "./served-job.ts";

/** What an option has to be: in words, and as a test of what is given. */
interface Expected {
  readonly says: string;
  holds(value: unknown): boolean;
}

const text: Expected = { says: "a text", holds: (value) => typeof value === "string" && value !== "" };
const count: Expected = { says: "an integer, 1 or more", holds: (value) => Number.isSafeInteger(value) && Number(value) >= 1 };
const toCall: Expected = { says: "a function", holds: (value) => typeof value === "function" };

/** V8's longest text, in characters: none of UTF-8's is less than a byte. */
const maxBodyBytes = 2 ** 29 - 24;

const expected: Readonly<Record<string, Expected>> = {
  engine: { says: "what inferenceEngine(…) gives", holds: (value) => typeof Object(value).submit === "function" },
  withModel: toCall,
  host: text,
  port: {
    says: "an integer from 0 to 65535",
    holds: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65535,
  },
  capacity: count,
  // What a timer can wait.
  timeout: {
    says: "milliseconds, more than 0 and less than 2 ** 31",
    holds: (value) => typeof value === "number" && value > 0 && value < 2 ** 31,
  },
  task: { says: `one of ${servedTasks.join(", ")}`, holds: (value) => servedTasks.some((task) => task === value) },
  model: text,
  version: text,
  maxBody: {
    says: `an integer from 1 to ${maxBodyBytes}: a request is read as one text, and no text is longer`,
    holds: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxBodyBytes,
  },
  maxLength: count,
  token: {
    says: "letters, digits and ._~+/- (and = at its end), or undefined where nobody is asked",
    holds: (value) => value === undefined || (typeof value === "string" && isBearerToken(value)),
  },
  signal: { says: "an AbortSignal: write controller.signal", holds: (value) => typeof Object(value).aborted === "boolean" },
  onListening: toCall,
  onLost: toCall,
  onError: toCall,
};

/**
 * Refuses options that there are not (a misspelled `token` would let everybody in), that are missing, or that are something else. `of` is the function
 * that takes them.
 * @throws LongspanError `argument-invalid` with the option.
 */
export function checkServeOptions<Options extends object>(options: Options, names: OptionNames<Options>, of: string): void {
  const given: unknown = options ?? {};
  checkOptions(given, names, of);
  for (const option of Object.keys(names)) {
    const value: unknown = Reflect.get(Object(given), option);
    const rule = expected[option];
    if (rule === undefined || rule.holds(value)) continue;
    // What is secret is not repeated.
    const found =
      option === "token" ? "is given, but not one that can be sent" : value === undefined ? "is missing" : `is ${shownValue(value)}`;
    throw new LongspanError("argument-invalid", `The option ${option} of ${of} ${found}; it is ${rule.says}.`, { details: { option } });
  }
}
