import { isObject } from "./hugging-face-request.ts";
import type { EngineResult } from "./inference-engine.ts";
import { errorOfInput, RequestError } from "./request-error.ts";
import type { ServedJob } from "./served-job.ts";

/** A request of OpenAI's embeddings (API reference, "Create embeddings"), understood. */
export interface EmbeddingsRequest {
  readonly inputs: readonly ServedJob["fields"][];
  readonly isBase64: boolean;
}

/** @throws RequestError 400 naming what is wrong. */
export function embeddingsRequest(body: unknown): EmbeddingsRequest {
  if (!isObject(body)) throw invalid("A request is an object with input and model.");
  const { input, encoding_format: format, dimensions, model: _model, user: _user, ...others } = body;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`There is no ${JSON.stringify(unknown)} in a request of embeddings.`);
  if (dimensions !== undefined && dimensions !== null) throw invalid("dimensions is not for this model: its vectors have one length.");
  if (format !== undefined && format !== "float" && format !== "base64") throw invalid("encoding_format is float or base64.");
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (texts.length === 0) throw invalid("input is an empty list.");
  const foreign = texts.findIndex((text) => typeof text !== "string");
  if (foreign !== -1)
    throw errorOfInput(invalid("input is a text or a list of texts: tokens are those of another tokenizer."), foreign, texts.length);
  return { inputs: texts.map((text) => ({ text })), isBase64: format === "base64" };
}

/** `usage` is the tokens that the model read, special ones included; left out where nobody counted them. */
export function embeddingsAnswer(model: string, results: readonly EngineResult[], isBase64: boolean): object {
  const tokens = results.reduce<number | undefined>(
    (sum, one) => (sum === undefined || one.tokens === undefined ? undefined : sum + one.tokens),
    0,
  );
  return {
    object: "list",
    model,
    data: results.map(({ document: { embedding } }, index) => ({
      object: "embedding",
      index,
      embedding: isBase64 ? base64Of(embedding as readonly number[]) : embedding,
    })),
    ...(tokens === undefined ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
  };
}

/** Float32, little endian. */
function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(4 * vector.length);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, 4 * index);
  return bytes.toString("base64");
}

function invalid(message: string): RequestError {
  return new RequestError(400, "inputs-invalid", message);
}
