import { LongspanError } from "@longspan/core";

/** What onnxruntime, WebAssembly and JavaScript say when there is no more memory. */
const outOfMemory = /bad_alloc|out of memory|failed to allocate|allocation failed|\bOOM\b|invalid array buffer length/i;
/** A WebAssembly program without memory often dies of it: a number where a message should be, an access beyond the end, a size beyond 32 bits. */
const wasmDeath = /^\d+$|memory access out of bounds|abort(?:ed)?\(|safeint|integer overflow/i;
const deviceLost = /device (?:is|was) lost|device lost/i;
const missingProvider = /backend not found|AppendExecutionProvider|failed to load shared library|not support.* execution provider/i;
const missingDevice = /failed to get gpu adapter|no (?:available|suitable) (?:gpu )?adapter|webgpu is not supported/i;

/** An error of onnxruntime in the words of Longspan; what is not known stays as it is. */
export function ortError(error: unknown, activity: string, device: string): unknown {
  if (LongspanError.isInstance(error)) return error;
  const text = (error instanceof Error ? error.message : String(error)).trim().replaceAll(/\s+/g, " ");
  const typed = (code: "out-of-memory" | "device-lost" | "device-missing" | "feature-missing", message: string): LongspanError =>
    new LongspanError(code, message, { details: { device, reason: text }, cause: error });
  if (deviceLost.test(text))
    return typed("device-lost", `The device was lost while ${activity} (${device}): ${text}. Prepare the session again.`);
  if (missingDevice.test(text)) return typed("device-missing", `There is no GPU for onnxruntime here: ${text}`);
  if (missingProvider.test(text))
    return typed(
      "feature-missing",
      `This onnxruntime cannot use what was asked for (${device}): ${text}. Ask for other execution providers.`,
    );
  if (outOfMemory.test(text) || (device.includes("wasm") && wasmDeath.test(text))) {
    return typed(
      "out-of-memory",
      `There was not enough memory while ${activity} (${device}): ${text}. Give shorter or fewer rows at once${device.includes("wasm") ? "; WebAssembly has at most 4 GiB, onnxruntime-node has no such limit" : ""}.`,
    );
  }
  return error;
}
