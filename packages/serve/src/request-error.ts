import type { ContentfulStatusCode } from "hono/utils/http-status";
import { errorCodes, LongspanError } from "@longspan/core";
import { shownMessage } from "@longspan/core/adapter";

/** A request that is not answered: its status, and what its sender is told. */
export class RequestError extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: ContentfulStatusCode, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    // It quotes what the sender wrote, whatever that is.
    super(shownMessage(message));
    this.name = "RequestError";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** What options of pipelines, and of the command line, are called in requests (huggingface.js, packages/tasks). */
const parameterNames: readonly (readonly [RegExp, string])[] = [
  [/(?:\bwindowTokens\b|--window-tokens\b)/g, "max_seq_len"],
  [/(?:\bstrideTokens\b|--stride-tokens\b)/g, "doc_stride"],
  [/(?:\bmaxAnswerTokens\b|--max-answer-tokens\b)/g, "max_answer_len"],
  [/(?:\btopK\b|--top-k\b)/g, "top_k"],
  [/(?:\bpromptName\b|--prompt-name\b)/g, "prompt_name"],
];

function inWordsOfRequests(message: string): string {
  return parameterNames.reduce((told, [name, parameter]) => told.replaceAll(name, parameter), message);
}

/** An error of one input of several says which it is, counted from 1. */
export function errorOfInput(error: unknown, index: number, count: number): unknown {
  const told = requestErrorOf(error);
  // What is ours to find out keeps where it came from.
  if (count === 1 || told.status === 500) return error;
  return new RequestError(told.status, told.code, `Input ${index + 1} of ${count}: ${told.message}`, told.headers);
}

/** What an error is to the sender of a request: 400 where the input is at fault, 503 where the machine is, 500 for a bug of ours. */
export function requestErrorOf(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (!LongspanError.isInstance(error)) return new RequestError(500, "bug", "The server failed. Its log says how.");
  const fault = errorCodes[error.code];
  return new RequestError(fault === "input" || fault === "usage" ? 400 : 503, error.code, inWordsOfRequests(error.message));
}
