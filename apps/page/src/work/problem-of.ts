import { LongspanError } from "@longspan/core";
import type { CallName } from "../protocol/calls.ts";
import type { ModelPlace } from "../protocol/model-place.ts";
import { PageFailure, type Problem } from "../protocol/problem.ts";

/** An error as the page tells it: what the library has one code for, and what is mended in different ways on a page, has a code of the page's own. */
export function problemOf(error: unknown, call: { readonly name: CallName; readonly request: unknown }, signal: AbortSignal): Problem {
  if (signal.aborted) return { code: "aborted", message: "Cancelled." };
  if (error instanceof PageFailure) return error.problem;
  if (LongspanError.isInstance(error)) {
    const { name } = error.details;
    const about = typeof name === "string" ? name : undefined;
    return { code: call.name === "read" ? documentCode(error) : placeCode(error, call.request), message: error.message, about };
  }
  const message = error instanceof Error ? error.message : String(error);
  const full = error instanceof DOMException && error.name === "QuotaExceededError";
  return { code: full ? "disk-full" : "unexpected", message };
}

function documentCode({ code, details }: LongspanError): string {
  switch (code) {
    case "unsupported":
      if ("encrypted" in details) return "document-encrypted";
      return "pages" in details ? "document-scanned" : "document-unsupported";
    case "inputs-invalid":
      return "document-unsupported";
    case "malformed":
    case "truncated":
      return "document-damaged";
    case "limit-exceeded":
      return "document-too-large";
    default:
      return code;
  }
}

/** Of a model's or a checkpoint's place: on the Hub, at an address, in a folder. */
function placeCode({ code, details }: LongspanError, request: unknown): string {
  const [onHub, answered] = ["repository" in details, "status" in details];
  if (code === "permission-denied" && answered) return "not-public";
  if (code !== "not-found") return code;
  if (onHub) return answered ? "hub-unknown" : "hub-not-kept";
  if (details.missing === "tokenizer") return "tokenizer-missing";
  return answered || placeOf(request)?.kind === "url" ? "address-not-found" : code;
}

/** Of calls that open one place. */
function placeOf(request: unknown): ModelPlace | undefined {
  const { place, model } = (request ?? {}) as { readonly place?: ModelPlace; readonly model?: { readonly place?: ModelPlace } };
  return place ?? model?.place;
}
