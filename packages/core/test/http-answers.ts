import type { IncomingMessage, ServerResponse } from "node:http";

export interface Question {
  /** Bytes asked for. */
  readonly first: number;
  readonly end: number;
  /** Of this path, from 1. */
  readonly attempt: number;
  readonly request: IncomingMessage;
}

export type Answer = (response: ServerResponse, question: Question) => void;

/** How a server answers that holds one file, rightly and wrongly. */
export interface HttpAnswers {
  readonly content: Uint8Array;
  readonly size: number;
  readonly send: (
    response: ServerResponse,
    question: Pick<Question, "first" | "end">,
    changes?: {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string | number | undefined>>;
      readonly body?: Uint8Array;
    },
  ) => void;
  /** A range, as it should be. */
  readonly good: Answer;
  readonly whole: Answer;
  readonly silent: Answer;
  readonly status: (code: number, headers?: Readonly<Record<string, string>>) => Answer;
  readonly to: (location: string, code?: number) => Answer;
  /** Begins as it should, then goes wrong after so many bytes. */
  readonly begun: (bytes: number, then: (response: ServerResponse) => void) => Answer;
}

export function httpAnswers(content: Uint8Array): HttpAnswers {
  const size = content.length;
  /** A range, as it should be but for the changes. */
  function send(
    response: ServerResponse,
    { first, end }: Pick<Question, "first" | "end">,
    changes: {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string | number | undefined>>;
      readonly body?: Uint8Array;
    } = {},
  ): void {
    const body = changes.body ?? content.subarray(first, Math.min(end, size));
    const headers = {
      etag: '"1"',
      "content-range": `bytes ${first}-${Math.min(end, size) - 1}/${size}`,
      "content-length": body.length,
      ...changes.headers,
    };
    const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<string, string | number>;
    response.writeHead(changes.status ?? 206, sent).end(body);
  }

  const good: Answer = (response, question) => send(response, question);
  const status =
    (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
    (response) =>
      response.writeHead(code, headers).end("words");
  const to =
    (location: string, code = 302): Answer =>
    (response) =>
      response.writeHead(code, { location }).end();
  const silent: Answer = () => {};
  /** Begins as it should, then goes wrong after so many bytes. */
  const begun =
    (bytes: number, then: (response: ServerResponse) => void): Answer =>
    (response, { first, end }) => {
      response.writeHead(206, {
        etag: '"1"',
        "content-range": `bytes ${first}-${Math.min(end, size) - 1}/${size}`,
        "content-length": Math.min(end, size) - first,
      });
      response.write(content.subarray(first, Math.min(first + bytes, end)), () => setTimeout(() => then(response), 10));
    };
  const whole: Answer = (response) => response.writeHead(200, { etag: '"1"', "content-length": size }).end(content);
  return { content, size, send, good, whole, silent, status, to, begun };
}

/** What servers of the unit tests hold. */
export const testContent: Uint8Array = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
