import { Hono, type Context } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import type { OptionNames } from "@longspan/core/adapter";
import { checkServeOptions } from "./check-serve-options.ts";
import { discardBody } from "./discard-body.ts";
import { inferenceAnswer } from "./hugging-face-answer.ts";
import { inferenceRequest } from "./hugging-face-request.ts";
import type { EngineResult, InferenceEngine } from "./inference-engine.ts";
import { embeddingsAnswer, embeddingsRequest } from "./openai-embeddings.ts";
import { openapiDocument } from "./openapi-document.ts";
import { errorOfInput, RequestError, requestErrorOf } from "./request-error.ts";
import type { ServedJob, ServedTask } from "./served-job.ts";
import { serverMetrics } from "./server-metrics.ts";

/** What a server's routes are made of. */
export interface InferenceAppOptions {
  /** Does the jobs: see `inferenceEngine`. */
  readonly engine: InferenceEngine;
  /** Which requests are answered. */
  readonly task: ServedTask;
  /** For answers and for people. */
  readonly model: string;
  /** For answers and for people. */
  readonly version: string;
  /** Bytes of a request. */
  readonly maxBody: number;
  /** Characters (UTF-16 units) of a text. */
  readonly maxLength: number;
  /** What `Authorization: Bearer` has to say; undefined where nobody is asked. */
  readonly token?: string | undefined;
  /** Told of errors that are the server's. */
  readonly onError: (error: unknown) => void;
}

/** The options that say what is answered, and how. */
export const answeringOptionNames: OptionNames<Omit<InferenceAppOptions, "engine">> = {
  task: true,
  model: true,
  version: true,
  maxBody: true,
  maxLength: true,
  token: true,
  onError: true,
};

/**
 * The server's routes, as a function from a request to an answer.
 * @throws LongspanError `argument-invalid` for options that are none.
 */
export function inferenceApp(options: InferenceAppOptions): Hono {
  checkServeOptions(options, { engine: true, ...answeringOptionNames }, "inferenceApp");
  const { engine, task, model, version, maxBody, maxLength, token, onError } = options;
  const app = new Hono();
  const metrics = serverMetrics(engine);

  app.use(async (context, next) => {
    const started = performance.now();
    await next();
    // By what routes there are, not by what is asked: names that others make up are no labels.
    const route = routes.find((one) => context.req.path === one) ?? (context.req.path.startsWith("/models/") ? "/models/" : "other");
    metrics.request(route, context.res.status, (performance.now() - started) / 1000);
  });
  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse();
    const { status, code, message, headers } = requestErrorOf(isCutOff(error) ? cutOff : error);
    if (status === 500) onError(error);
    return context.json({ error: message, error_type: code }, status, { ...headers });
  });
  app.notFound((context) =>
    context.json(
      { error: `There is no ${context.req.method} ${context.req.path}. GET /openapi.json tells what there is.`, error_type: "not-found" },
      404,
    ),
  );

  app.get("/health", (context) =>
    engine.state === "ok" ? context.json({ status: "ok", model, task }) : context.json({ status: engine.state }, 503),
  );
  if (token !== undefined)
    app.use(
      bearerAuth({
        token,
        noAuthenticationHeader: { message: unauthorized },
        invalidAuthenticationHeader: { message: unauthorized },
        invalidToken: { message: unauthorized },
      }),
    );
  app.get("/metrics", async (context) => context.text(await metrics.text(), 200, { "Content-Type": metrics.contentType }));
  app.get("/openapi.json", (context) => context.json(openapiDocument(task, model, version, token !== undefined)));

  app.use(
    bodyLimit({
      maxSize: maxBody,
      async onError({ req }) {
        const mayGoOn = await discardBody(req.raw, discarded * maxBody);
        const message = `A request has at most ${maxBody} bytes here. Send less at a time.`;
        throw new RequestError(413, "limit-exceeded", message, mayGoOn ? {} : { Connection: "close" });
      },
    }),
  );
  const submit = async (inputs: readonly ServedJob["fields"][], context: Context): Promise<readonly EngineResult[]> => {
    for (const [index, { text, question }] of inputs.entries()) {
      const longest = Math.max(String(text).length, typeof question === "string" ? question.length : 0);
      if (longest <= maxLength) continue;
      const message = `A text has ${longest} characters; this server reads ${maxLength}. Send a shorter one.`;
      throw errorOfInput(new RequestError(400, "limit-exceeded", message), index, inputs.length);
    }
    const results = await engine.submit(inputs, context.req.raw.signal);
    metrics.inputs(results.length);
    return results;
  };
  const infer = async (context: Context): Promise<Response> => {
    const { inputs, isList, ...asked } = inferenceRequest(task, await bodyOf(context));
    const answers = (await submit(inputs, context)).map(({ document }) => inferenceAnswer(task, document, asked));
    // Clients take the first of a list for the labels of a text.
    return context.json(isList || task === "text-classification" ? answers : answers[0]);
  };
  app.post("/", infer);
  app.post("/models/*", infer);
  if (task === "feature-extraction")
    app.post("/v1/embeddings", async (context) => {
      const { inputs, isBase64 } = embeddingsRequest(await bodyOf(context));
      return context.json(embeddingsAnswer(model, await submit(inputs, context), isBase64));
    });
  return app;
}

/** A request that is so many times too large is read to its end, and its connection kept. */
const discarded = 8;

const routes = ["/", "/v1/embeddings", "/health", "/metrics", "/openapi.json"];

const unauthorized = { error: "This server wants a token: send it as Authorization: Bearer.", error_type: "unauthorized" };

const cutOff = /*#__PURE__*/ new RequestError(400, "aborted", "The connection ended before all of the request had come.");

/** What Node says of a body whose sender has gone: nobody reads the answer, and the server is not to blame. */
function isCutOff(error: Error): boolean {
  return "code" in error && error.code === "ECONNRESET";
}

async function bodyOf(context: Context): Promise<unknown> {
  const encoding = context.req.header("content-encoding");
  if (encoding !== undefined && encoding !== "identity")
    throw new RequestError(
      415,
      "unsupported",
      `The request's Content-Encoding is ${encoding}, and this server reads none. Send it as it is.`,
    );
  const text = await context.req.text();
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new RequestError(400, "malformed", `The request is no JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
