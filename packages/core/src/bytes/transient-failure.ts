/** A request that failed in a way that may pass. */
export class TransientFailure extends Error {
  /** Milliseconds after which the server wants to be asked again. */
  readonly after: number | undefined;
  /** Bytes that came before it failed, and were kept. */
  readonly came: number;
  /** Nothing came for as long as we wait. */
  readonly isSilence: boolean;
  constructor(
    message: string,
    details: { readonly cause?: unknown; readonly after?: number | undefined; readonly came?: number; readonly isSilence?: boolean } = {},
  ) {
    super(message, { cause: details.cause });
    this.after = details.after;
    this.came = details.came ?? 0;
    this.isSilence = details.isSilence ?? false;
  }
}

/** The connection broke, or fell silent; what had come is in place. */
export function interruptedBody(error: unknown, came: number): TransientFailure {
  if (error instanceof TransientFailure)
    return new TransientFailure(error.message, { cause: error.cause, isSilence: error.isSilence, came });
  return new TransientFailure("the connection broke while the file was read", { cause: error, came });
}

/** How a system, TLS or an HTTP parser calls what will be the same the next time. */
const permanentCodes =
  /^(?:ENOTFOUND|EPROTO|CERT_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*|UNABLE_TO_.*|HOSTNAME_MISMATCH|ERR_TLS_.*|ERR_SSL_.*|ERR_INVALID_.*|HPE_.*|UND_ERR_INVALID.*)$/;

/** What fetch's error means, in words, and whether asking again is of no use. Browsers say nothing but that it failed. */
export function describeFailure(error: unknown, host: string): { readonly words: string; readonly isPermanent: boolean } {
  // fetch says "fetch failed" and keeps the reason in the cause.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === "ENOTFOUND") return { words: `there is no host ${host}`, isPermanent: true };
  // What answers speaks no HTTP, by undici's name; ports of other services, which fetch does not ask (Fetch Standard, "bad port").
  const isForeign = (cause instanceof Error && cause.name === "HTTPParserError") || message === "bad port";
  const isPermanent = isForeign || permanentCodes.test(code);
  return { words: message === "" ? code || "the connection failed" : message, isPermanent };
}
