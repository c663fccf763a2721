import type { ServedTask } from "./served-job.ts";

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: "string" };
const number: Schema = { type: "number" };
const integer: Schema = { type: "integer" };
const object = (properties: Schema, required: readonly string[] = Object.keys(properties)): Schema => ({
  type: "object",
  properties,
  required,
});
const list = (items: Schema): Schema => ({ type: "array", items });
/** A list of lists may be either, as an empty list: `oneOf` would refuse it. */
const oneOrMany = (schema: Schema): Schema => ({ anyOf: [schema, list(schema)] });
const label = object({ label: text, score: number });
const span = object({ answer: text, score: number, start: integer, end: integer });
const filling = object({ score: number, token: integer, token_str: text, sequence: text });
const vector = list(number);

interface TaskSchemas {
  readonly input: Schema;
  readonly parameters: Schema;
  readonly answer: Schema;
}

const schemas: Readonly<Record<ServedTask, TaskSchemas>> = {
  "question-answering": {
    input: object({ question: text, context: text }),
    parameters: {
      top_k: integer,
      doc_stride: integer,
      max_answer_len: integer,
      max_seq_len: integer,
      handle_impossible_answer: { type: "boolean" },
      align_to_words: { type: "boolean" },
    },
    answer: oneOrMany(span),
  },
  "fill-mask": { input: text, parameters: { top_k: integer }, answer: oneOrMany(list(filling)) },
  "text-classification": {
    input: text,
    parameters: { function_to_apply: { enum: ["sigmoid", "softmax", "none"] }, top_k: integer },
    answer: list(label),
  },
  "token-classification": {
    input: text,
    parameters: { aggregation_strategy: { enum: ["none", "simple"] }, ignore_labels: list(text) },
    answer: list(
      object({ entity_group: text, entity: text, score: number, word: text, start: integer, end: integer }, [
        "score",
        "word",
        "start",
        "end",
      ]),
    ),
  },
  "feature-extraction": {
    input: text,
    parameters: { normalize: { type: "boolean" }, prompt_name: text, truncate: { type: "boolean" } },
    answer: vector,
  },
};

/** The server's requests and answers, as OpenAPI 3.1 describes such. */
export function openapiDocument(task: ServedTask, model: string, version: string, needsToken: boolean): object {
  const { input, parameters, answer } = schemas[task];
  const failure = { description: "an error", content: json(object({ error: text, error_type: text })) };
  const failures = (...statuses: readonly string[]): object => Object.fromEntries(statuses.map((status) => [status, failure]));
  const refused = needsToken ? failures("401") : {};
  const allFailures = { ...refused, ...failures("400", "413", "415", "429", "500", "503", "504") };
  const inference = {
    post: {
      summary: `${task}, as Hugging Face's clients ask`,
      requestBody: body(object({ inputs: oneOrMany(input), parameters: object(parameters, []) }, ["inputs"])),
      responses: {
        "200": { description: "the answer; of several inputs, a list", content: json(oneOrMany(answer)) },
        ...allFailures,
      },
    },
  };
  const embeddings = {
    post: {
      summary: "vectors, as OpenAI's clients ask",
      requestBody: body(object({ input: oneOrMany(text), model: text, encoding_format: { enum: ["float", "base64"] } }, ["input"])),
      responses: {
        "200": {
          description: "a vector for each text",
          content: json(
            object({
              object: text,
              model: text,
              data: list(object({ object: text, index: integer, embedding: { anyOf: [vector, text] } })),
            }),
          ),
        },
        ...allFailures,
      },
    },
  };
  const plain = (summary: string, responses: object, besides: object = {}): object => ({ get: { summary, responses, ...besides } });
  const health = object({ status: { enum: ["ok", "starting", "reopening", "ending"] }, model: text, task: text }, ["status"]);
  return {
    openapi: "3.1.0",
    info: { title: `longspan serve: ${model}`, version },
    ...(needsToken ? { security: [{ bearer: [] }], components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } } } : {}),
    paths: {
      "/": inference,
      "/models/{model}": { parameters: [{ name: "model", in: "path", required: true, schema: text }], ...inference },
      ...(task === "feature-extraction" ? { "/v1/embeddings": embeddings } : {}),
      "/health": plain(
        "whether requests are answered",
        { "200": { description: "they are", content: json(health) }, "503": { description: "they are not", content: json(health) } },
        needsToken ? { security: [] } : {},
      ),
      "/metrics": plain("counts, for Prometheus", { "200": { description: "text" }, ...refused }),
      "/openapi.json": plain("this document", { "200": { description: "JSON" }, ...refused }),
    },
  };
}

function json(schema: Schema): object {
  return { "application/json": { schema } };
}

function body(schema: Schema): object {
  return { required: true, content: json(schema) };
}
