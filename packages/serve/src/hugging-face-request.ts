import { shownValue } from "@longspan/core/adapter";
import type { AskedAnswer } from "./hugging-face-answer.ts";
import { errorOfInput, RequestError } from "./request-error.ts";
import type { ServedJob, ServedTask } from "./served-job.ts";

/** A request as Hugging Face's clients write it, understood. */
export interface InferenceRequest extends AskedAnswer {
  readonly inputs: readonly ServedJob["fields"][];
  /** Whether `inputs` was a list: then the answer is one, too. */
  readonly isList: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** A parameter as an option of the command line. @throws RequestError for a value that it cannot have. */
type Parameter = (value: unknown) => Fields;

/** A parameter that has values of this kind alone; without `option` it is read of the answer, not of the input. */
const kindOf =
  (what: string, isOne: (value: unknown) => boolean) =>
  (option?: string): ((name: string) => Parameter) =>
  (name) =>
  (value) => {
    if (isOne(value)) return option === undefined ? {} : { [option]: value };
    throw invalid(`${name} is ${shownValue(value)}; it is ${what}.`);
  };

const count = kindOf("an integer, 1 or more", (value) => Number.isSafeInteger(value) && Number(value) >= 1);
const amount = kindOf("an integer, 0 or more", (value) => Number.isSafeInteger(value) && Number(value) >= 0);
const flag = kindOf("true or false", (value) => typeof value === "boolean");
const word = kindOf("a text", (value) => typeof value === "string");
const oneOf = (...values: readonly string[]): ReturnType<typeof kindOf> =>
  kindOf(`one of ${values.join(", ")}`, (value) => typeof value === "string" && values.includes(value));
/** Tokens outside of all entities are never told. */
const ignored = kindOf(
  'a list of labels with "O" among them: tokens with it are never told',
  (value) => isTexts(value) && value.includes("O"),
);

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** A parameter of which one value alone is what is done anyway. */
const fixed =
  (...allowed: readonly unknown[]) =>
  (name: string): Parameter =>
  (value) => {
    // As text that is bounded: what it is compared with is short.
    if (allowed.some((one) => shownValue(one) === shownValue(value))) return {};
    throw invalid(`${name} is ${shownValue(value)}; this server does ${allowed.map((one) => JSON.stringify(one)).join(" or ")} alone.`);
  };

/**
 * The parameters of each task, as huggingface_hub and @huggingface/inference name them (huggingface.js, packages/tasks, spec/input.json of
 * each task).
 */
const parameters: Readonly<Record<ServedTask, Readonly<Record<string, (name: string) => Parameter>>>> = {
  "question-answering": {
    top_k: count("top-k"),
    doc_stride: amount("stride-tokens"),
    max_answer_len: count("max-answer-tokens"),
    max_seq_len: count("window-tokens"),
    handle_impossible_answer: flag("allow-no-answer"),
    align_to_words: (name) => (value) => ({ ...flag()(name)(value), "within-words": value === false }),
  },
  "fill-mask": { top_k: count("top-k") },
  "text-classification": { function_to_apply: oneOf("softmax", "sigmoid", "none")("scores"), top_k: count() },
  "token-classification": { aggregation_strategy: oneOf("none", "simple")("aggregation"), ignore_labels: ignored() },
  "feature-extraction": { normalize: flag("normalize"), prompt_name: word("prompt-name"), truncate: fixed(true) },
};

/** What Hugging Face's servers do where nothing is said, and the command line does not. */
const defaults: Readonly<Partial<Record<ServedTask, Fields>>> = { "token-classification": { aggregation: "simple" } };

/** @throws RequestError 400 naming what is wrong. */
export function inferenceRequest(task: ServedTask, body: unknown): InferenceRequest {
  if (!isObject(body) || body.inputs === undefined) throw invalid('A request is an object with "inputs" and, where wanted, "parameters".');
  const { inputs, parameters: given, options: _options, ...others } = body;
  if (given !== undefined && given !== null && !isObject(given)) throw invalid('"parameters" is no object.');
  // Of feature extraction, clients write the parameters beside the inputs.
  const named = task === "feature-extraction" ? { ...others, ...given } : (given ?? {});
  if (task !== "feature-extraction" && Object.keys(others).length > 0)
    throw invalid(`There is no ${JSON.stringify(Object.keys(others)[0])} in a request of ${task}.`);
  const options = { ...defaults[task], ...optionsOf(task, named) };
  const topK: unknown = named.top_k;
  const isList = Array.isArray(inputs);
  const all: readonly unknown[] = isList ? inputs : [inputs];
  if (all.length === 0) throw invalid('"inputs" is an empty list.');
  return {
    inputs: all.map((input, index) => {
      try {
        return { ...inputOf(task, input), ...options };
      } catch (error) {
        throw errorOfInput(error, index, all.length);
      }
    }),
    isList,
    topK: typeof topK === "number" ? topK : undefined,
    isGrouped: Reflect.get(options, "aggregation") === "simple",
    ignoredLabels: isTexts(named.ignore_labels) ? named.ignore_labels : [],
  };
}

function optionsOf(task: ServedTask, named: Fields): Fields {
  const known = parameters[task];
  return Object.assign(
    {},
    ...Object.entries(named)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => {
        const parameter = Object.hasOwn(known, name) ? known[name] : undefined;
        if (parameter !== undefined) return parameter(name)(value);
        throw invalid(`${task} has no parameter ${JSON.stringify(name)} here. There are: ${Object.keys(known).join(", ")}.`);
      }),
  ) as Fields;
}

function inputOf(task: ServedTask, input: unknown): Fields {
  if (task !== "question-answering") {
    if (typeof input === "string") return { text: input };
    throw invalid(`An input of ${task} is a text, or a list of them.`);
  }
  if (isObject(input) && typeof input.question === "string" && typeof input.context === "string")
    return { question: input.question, text: input.context };
  throw invalid('An input of question-answering is {"question": "…", "context": "…"}, or a list of them.');
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): RequestError {
  return new RequestError(400, "inputs-invalid", message);
}
