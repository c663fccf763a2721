import type { HttpClient } from "./http-client.ts";
import { contentLength } from "./http-response.ts";
import { interruptedBody, TransientFailure } from "./transient-failure.ts";

/**
 * Fills `target` from the body; more than fits is not read.
 * @returns how many bytes came.
 * @throws TransientFailure with those that came before the connection broke or fell silent
 */
export async function readBody(client: HttpClient, response: Response, target: Uint8Array, signal: AbortSignal): Promise<number> {
  if (response.body === null) return 0;
  const reader = response.body.getReader();
  let filled = 0;
  try {
    while (filled < target.length) {
      const { done, value } = await client.next(reader, signal);
      if (done) break;
      const fitting = value.subarray(0, target.length - filled);
      target.set(fitting, filled);
      filled += fitting.length;
    }
  } catch (error) {
    throw interruptedBody(error, filled);
  } finally {
    // Not waited for: a connection that is silent says nothing to this either.
    void reader.cancel().catch(() => {});
  }
  return filled;
}

/**
 * A body as it is, up to so many bytes; undefined beyond.
 * @throws TransientFailure when it is cut short
 */
export async function readWhole(
  client: HttpClient,
  response: Response,
  maximum: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const declared = contentLength(response);
  if (declared !== undefined && declared > maximum) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (response.body === null) return new Uint8Array(0);
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await client.next(reader, signal);
      if (done) break;
      length += value.length;
      if (length > maximum) return undefined;
      chunks.push(value);
    }
  } catch (error) {
    // Nothing of it is kept.
    throw interruptedBody(error, 0);
  } finally {
    void reader.cancel().catch(() => {});
  }
  if (declared !== undefined && declared !== length) throw new TransientFailure(`${length} of ${declared} bytes came`);
  const whole = new Uint8Array(length);
  let position = 0;
  for (const chunk of chunks) {
    whole.set(chunk, position);
    position += chunk.length;
  }
  return whole;
}
