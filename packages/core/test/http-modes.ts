import type { IncomingMessage } from "node:http";
import type { HttpSourceOptions } from "../src/bytes/http-options.ts";
import type { Answer, HttpAnswers, Question } from "./http-answers.ts";

/** A mode of a server, and what comes of reading 100,000 bytes from byte 80,000 of 200,000 through it. */
export interface Mode {
  /** Every answer; or the first, which opens, and all later ones. */
  readonly answers: Answer | readonly [opening: Answer, later: Answer];
  readonly options?: HttpSourceOptions;
  /** The bytes, or an error's code. */
  readonly gives: "the bytes" | readonly [code: string, message: RegExp];
  /** Requests in all; default: 2 where there are bytes. */
  readonly requests?: number;
}

/** What is asked of a file of so many bytes. @param attempt how many requests for it there were, this one included */
export function questionOf(request: IncomingMessage, size: number, attempt: number): Question {
  const [first, end] = (/^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? []).slice(1).map(Number);
  return { first: first ?? 0, end: Math.min((end ?? size - 1) + 1, size), attempt, request };
}

/** How a mode answers. */
export function answerOf({ answers }: Mode, { attempt }: Question): Answer {
  return typeof answers === "function" ? answers : answers[attempt === 1 ? 0 : 1];
}

/** The modes of a server that holds a file, by name. */
export function httpModes({ content, size, send, good, whole, silent, status, to, begun }: HttpAnswers): Readonly<Record<string, Mode>> {
  const later = (answer: Answer): Mode["answers"] => [good, answer];
  const quick: HttpSourceOptions = { timeout: 60 };
  const gone: Mode["gives"] = ["not-found", /does not exist/];
  const network = (message: RegExp): Mode["gives"] => ["network-failed", message];
  const inParts = (message: RegExp): Mode["gives"] => ["unsupported", message];

  return {
    // As it should be, and nearly so.
    "a good server": { answers: good, gives: "the bytes" },
    "no ranges, a small file": { answers: whole, gives: "the bytes", requests: 1 },
    "no Content-Length": {
      answers: (response, question) => send(response, question, { headers: { "content-length": undefined } }),
      gives: "the bytes",
    },
    "no entity tag, no date": {
      answers: (response, question) => send(response, question, { headers: { etag: undefined } }),
      gives: "the bytes",
    },
    "the answer in drops": {
      answers: later((response, { first, end }) => {
        response.writeHead(206, { "content-range": `bytes ${first}-${end - 1}/${size}` });
        const drop = (at: number): void => {
          if (at >= end) response.end();
          else response.write(content.subarray(at, Math.min(at + 9000, end)), () => setTimeout(drop, 2, at + 9000));
        };
        drop(first);
      }),
      gives: "the bytes",
    },
    // More, less, other bytes than asked for.
    "more than was asked for, as it says": {
      answers: later((response, { first }) => send(response, { first, end: size })),
      gives: "the bytes",
    },
    "more than it says": {
      answers: later((response, question) =>
        send(response, question, { body: content.subarray(question.first), headers: { "content-length": undefined } }),
      ),
      gives: "the bytes",
    },
    "half of what was asked for": {
      answers: later((response, { first, end }) =>
        send(response, { first, end: Math.max(first + 20_000, first + Math.ceil((end - first) / 2)) }),
      ),
      gives: "the bytes",
      requests: 5,
    },
    "a little of what was asked for": {
      answers: later((response, { first }) => send(response, { first, end: first + 100 })),
      gives: network(/5 times: the server sent 100 of the \d+ bytes that were asked for/),
      requests: 6,
    },
    "less than it says": {
      answers: later((response, question) =>
        send(response, question, { body: content.subarray(question.first, question.first + 50), headers: { "content-length": undefined } }),
      ),
      gives: network(/the server sent 50 of/),
      requests: 6,
    },
    "no byte of what was asked for": {
      answers: later((response, question) => send(response, question, { body: new Uint8Array(0) })),
      gives: network(/the server sent 0 of/),
      requests: 6,
    },
    "less at opening": { answers: [(response, { first }) => send(response, { first, end: 300 }), good], gives: "the bytes" },
    "other bytes than were asked for": {
      answers: later((response) => send(response, { first: 0, end: 100 })),
      gives: inParts(/bytes from 0 when asked for those from 80000/),
    },
    "other bytes at opening": {
      answers: (response) => send(response, { first: 5, end: 100 }),
      gives: inParts(/bytes from 5 when asked for those from 0/),
      requests: 1,
    },
    "a range that ends before it begins": {
      answers: later((response, question) => send(response, question, { headers: { "content-range": `bytes 80000-79999/${size}` } })),
      gives: inParts(/it says that it sends the range "bytes 80000-79999/),
    },
    "a range beyond the file": {
      answers: later((response, question) => send(response, question, { headers: { "content-range": `bytes 80000-${size}/${size}` } })),
      gives: inParts(/it says that it sends the range/),
    },
    "a range that is none": {
      answers: later((response, question) => send(response, question, { headers: { "content-range": "a few bytes" } })),
      gives: inParts(/it says that it sends the range "a few bytes"/),
    },
    "several ranges in one": {
      answers: later((response, question) =>
        send(response, question, { headers: { "content-type": "multipart/byteranges; boundary=x", "content-range": undefined } }),
      ),
      gives: inParts(/in several parts/),
    },
    "ranges compressed": {
      answers: later((response, question) => send(response, question, { headers: { "content-encoding": "gzip" } })),
      gives: inParts(/compresses/),
    },
    "the whole file where there was a range": { answers: later(whole), gives: inParts(/now the whole file/) },
    "no ranges, a large file": {
      answers: (response) => response.writeHead(200, { "content-length": 10 ** 12 }).write("x"),
      gives: inParts(/does not send ranges, and the file has more than/),
      requests: 1,
    },
    "no ranges, a file without an end": {
      answers: (response) => {
        response.writeHead(200);
        // Since Node 26, writing to a connection that is gone answers at once, before the response knows that it is destroyed.
        const more = (error?: unknown): void => void (Boolean(error) || response.destroyed || response.write(content, more));
        more();
      },
      options: { maxWholeBytes: 1_000_000 },
      gives: inParts(/more than 1000000 bytes/),
      requests: 1,
    },
    "a whole file that is cut short": {
      answers: (response) => {
        response.writeHead(200, { "content-length": size });
        response.write(content.subarray(0, 1000), () => setTimeout(() => response.destroy(), 10));
      },
      gives: network(/5 times: the connection broke/),
      requests: 5,
    },
    // Another file.
    "another entity tag": {
      answers: later((response, question) => send(response, question, { headers: { etag: '"2"' } })),
      gives: ["source-changed", /changed on the server/],
    },
    "another size": {
      answers: later((response, question) => send(response, question, { headers: { "content-range": `bytes 80000-179999/${size + 1}` } })),
      gives: ["source-changed", /changed on the server/],
    },
    "a file that has become shorter": {
      answers: later(status(416, { "content-range": "bytes */80" })),
      gives: ["source-changed", /changed on the server/],
    },
    "a file that goes": { answers: later(status(404)), gives: gone },
    // Silence and breaks.
    "silence at opening": {
      answers: silent,
      options: quick,
      gives: network(/2 times: 127\.0\.0\.1:\d+ sent nothing for 0\.06 s/),
      requests: 2,
    },
    "silence later": { answers: later(silent), options: quick, gives: network(/sent nothing for/), requests: 3 },
    "silence after the head": {
      answers: later((response, question) => {
        response.writeHead(206, { "content-range": `bytes ${question.first}-${question.end - 1}/${size}` });
        response.flushHeaders();
      }),
      options: quick,
      gives: network(/sent nothing for/),
      requests: 3,
    },
    "silence in the middle, again and again": {
      answers: later(begun(1000, () => {})),
      options: quick,
      gives: network(/sent nothing for/),
      requests: 3,
    },
    "silence in the middle, with progress": { answers: later(begun(40_000, () => {})), options: quick, gives: "the bytes", requests: 4 },
    "silence of a whole file": {
      answers: (response) => response.writeHead(200, { "content-length": size }).write("x"),
      options: quick,
      gives: network(/sent nothing for/),
      requests: 2,
    },
    "the connection breaks at once": { answers: (response) => response.destroy(), gives: network(/5 times/), requests: 5 },
    "the connection breaks in the middle, with progress": {
      answers: later(begun(40_000, (response) => response.destroy())),
      gives: "the bytes",
      requests: 4,
    },
    "the connection breaks in the middle, without": {
      answers: later(begun(100, (response) => response.destroy())),
      gives: network(/5 times: the connection broke while the file was read/),
      requests: 6,
    },
    // Statuses.
    "status 400": { answers: status(400), gives: network(/answered 400/), requests: 1 },
    "status 401": { answers: status(401), gives: ["permission-denied", /answered 401/], requests: 1 },
    "status 403": { answers: status(403), gives: ["permission-denied", /answered 403/], requests: 1 },
    "status 404": { answers: status(404), gives: gone, requests: 1 },
    "status 451": { answers: status(451), gives: network(/answered 451/), requests: 1 },
    "status 501": { answers: status(501), gives: network(/answered 501/), requests: 1 },
    "status 511": { answers: status(511), gives: network(/answered 511/), requests: 1 },
    "status 304, which nobody asked for": { answers: status(304), gives: network(/answered 304/), requests: 1 },
    "status 408, once": { answers: [status(408), good], gives: "the bytes", requests: 3 },
    "status 503 for ever": { answers: status(503), gives: network(/answered 503/), requests: 5 },
    "status 429, to wait for no time": { answers: [status(429, { "retry-after": "0" }), good], gives: "the bytes", requests: 3 },
    "status 429, until a moment ago": {
      answers: [status(429, { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }), good],
      gives: "the bytes",
      requests: 3,
    },
    "status 429, to wait for an hour": {
      answers: status(429, { "retry-after": "3600" }),
      gives: network(/answered 429 and asks to wait 3600 s, until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\. Try again then/),
      requests: 1,
    },
    "status 503, until a day of the future": {
      answers: status(503, { "retry-after": "Fri, 21 Oct 2095 07:28:00 GMT" }),
      gives: network(/until 2095-10-21T07:2[78]:\d\dZ/),
      requests: 1,
    },
    "status 503, to wait for who knows what": { answers: [status(503, { "retry-after": "soon" }), good], gives: "the bytes", requests: 3 },
    // Redirects.
    "a redirect": {
      answers: (response, question) => (question.request.url?.endsWith("/end") === true ? good : to("end"))(response, question),
      gives: "the bytes",
      requests: 4,
    },
    "a permanent one": {
      answers: (response, question) => (question.request.url?.endsWith("/end") === true ? good : to("end", 308))(response, question),
      gives: "the bytes",
      requests: 4,
    },
    "in a circle": {
      answers: (response, { request }) => to(request.url?.endsWith("/one") === true ? "two" : "one")(response, { request } as Question),
      gives: network(/go in a circle, back to http:\/\/127\.0\.0\.1:\d+\/[\w-]+\/one/),
      requests: 3,
    },
    "to itself": {
      answers: (response, question) => to(question.request.url ?? "")(response, question),
      gives: network(/in a circle/),
      requests: 1,
    },
    "without an end": {
      answers: (response, { attempt, request }) => to(`hop-${attempt}`)(response, { request } as Question),
      gives: network(/more than 10 times/),
      requests: 11,
    },
    "to a file": {
      answers: to("file:///etc/passwd"),
      gives: network(/redirected to an address of file: which is not followed/),
      requests: 1,
    },
    "to data": { answers: to("data:text/plain,hello"), gives: network(/address of data:/), requests: 1 },
    "to another service": { answers: to("ftp://127.0.0.1/m"), gives: network(/address of ftp:/), requests: 1 },
    "to nowhere": { answers: status(302), gives: network(/answered 302/), requests: 1 },
    "to what is no address": { answers: to("http://"), gives: network(/what is no address/), requests: 1 },
  };
}
