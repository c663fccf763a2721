/*
 * pdf.js asks for several objects at once, and where the first of them is wrong it leaves the others: promises that nobody waits for (Catalog.getPageDict in
 * pdf.js 5). Where one of those fails too, Node ends the whole process, and a page is told of an error that it cannot help.
 */

/** Names of the errors of pdf.js's parser. */
const parserErrors: ReadonlySet<string> = /*#__PURE__*/ new Set([
  "FormatError",
  "InvalidPDFException",
  "MissingDataException",
  "ParserEOFException",
  "PasswordException",
  "ResponseException",
  "UnknownErrorException",
  "XRefEntryException",
  "XRefParseException",
]);

interface Host {
  readonly process?: {
    on?(event: "unhandledRejection", listener: (reason: unknown) => void): void;
    off?(event: "unhandledRejection", listener: (reason: unknown) => void): void;
    listenerCount?(event: "unhandledRejection"): number;
  };
  addEventListener?(event: "unhandledrejection", listener: (event: PromiseEvent) => void): void;
  removeEventListener?(event: "unhandledrejection", listener: (event: PromiseEvent) => void): void;
}

interface PromiseEvent {
  readonly reason: unknown;
  preventDefault(): void;
}

function isParserError(reason: unknown): boolean {
  return typeof reason === "object" && reason !== null && "name" in reason && parserErrors.has(String(reason.name));
}

/** How many readings are under way: they share one listener. */
let readings = 0;

function onRejection(reason: unknown): void {
  if (isParserError(reason)) return;
  // Of all others, what would have happened without this listener: where nobody else listens, the process ends.
  if ((host().process?.listenerCount?.("unhandledRejection") ?? 0) > 1) return;
  throw reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}

function onEvent(event: PromiseEvent): void {
  if (isParserError(event.reason)) event.preventDefault();
}

function host(): Host {
  return globalThis;
}

/** Does work of pdf.js; what it leaves behind of its own errors harms nobody. */
export async function withoutLeftPromises<Result>(work: () => Promise<Result>): Promise<Result> {
  if (readings++ === 0) {
    host().process?.on?.("unhandledRejection", onRejection);
    host().addEventListener?.("unhandledrejection", onEvent);
  }
  try {
    return await work();
  } finally {
    // Rejections are told after the promises under way: a turn of the event loop later.
    await new Promise((resolve) => {
      setTimeout(resolve, 0);
    });
    if (--readings === 0) {
      host().process?.off?.("unhandledRejection", onRejection);
      host().removeEventListener?.("unhandledrejection", onEvent);
    }
  }
}
