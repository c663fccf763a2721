import { readFileSync } from "node:fs";
import { type LazyTensor, LongspanError, memoryFileSet } from "@longspan/core";
import { bytesSource, type Container, isTensor, type TreeValue } from "@longspan/core/adapter";
import { assert, asyncProperty, nat } from "fast-check";
import { describe, expect, test } from "vitest";
import { fixturesFolder } from "../test/fixture.ts";
import { torch } from "./torch.ts";

const adapter = torch();

/** Values of more bytes than the file has (expanded tensors) are not read here. */
const readBytes = 2 ** 20;

const samples: readonly (readonly [container: string, fixture: string])[] = [
  ["torch-zip", "torch/tensors/views.pt"],
  ["torch-zip", "torch/tensors/mixed-values.pt"],
  ["torch-zip", "torch/tensors/refused-quantized.pt"],
  ["torch-legacy", "torch/tensors/views-legacy.pt"],
  ["torch-tar", "torch/reproduced/tar.pt"],
  ["safetensors", "huggingface/model/model.safetensors"],
  ["torch-sharded", "huggingface/question-answering-sharded-torch/pytorch_model.bin.index.json"],
];

function tensorsIn(root: TreeValue): LazyTensor[] {
  const seen = new Set<object>();
  const tensors: LazyTensor[] = [];
  const waiting: TreeValue[] = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (isTensor(value)) tensors.push(value);
    else if (value.kind === "map") waiting.push(...value.entries.flat());
    else if (value.kind === "opaque") waiting.push(value.state ?? null);
    else waiting.push(...value.items);
  }
  return tensors;
}

/** Does everything with bytes that a reader does; returns what was thrown. */
async function survive(container: Container, bytes: Uint8Array): Promise<unknown> {
  const source = bytesSource(bytes, "hostile");
  for (const detector of adapter.containers) await detector.detect({ source, head: bytes.subarray(0, 4096) });
  try {
    const opened = await container.open({ source, fileName: "hostile", files: memoryFileSet("memory", {}) });
    for (const tensor of tensorsIn(opened.root)) if (tensor.byteLength <= readBytes) await tensor.read();
    for (const envelope of adapter.envelopes) if (envelope.detect(opened) !== undefined) envelope.open(opened);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(samples)("%s: %s", (name, fixture) => {
  const container = adapter.containers.find((one) => one.name === name);
  const whole = new Uint8Array(readFileSync(`${fixturesFolder}/${fixture}`));
  if (container === undefined) throw new Error(`no container ${name}`);

  test("cut off anywhere: a LongspanError, or the file was whole there", async () => {
    const step = Math.max(1, Math.floor(whole.length / 150));
    for (let length = 0; length < whole.length; length += step) {
      const error = await survive(container, whole.slice(0, length));
      expect(error === undefined || error instanceof LongspanError ? "" : error).toBe("");
    }
  });

  test("changed anywhere: a LongspanError, or values", async () => {
    await assert(
      asyncProperty(
        nat({ max: whole.length - 1 }),
        nat({ max: 255 }),
        nat({ max: whole.length - 1 }),
        nat({ max: 255 }),
        async (at, byte, at2, byte2) => {
          const changed = whole.slice();
          changed[at] = byte;
          changed[at2] = byte2;
          const error = await survive(container, changed);
          expect(error === undefined || error instanceof LongspanError ? "" : error).toBe("");
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("files that are something else", () => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  test.each<readonly [string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["a Git LFS pointer", text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 597270000\n")],
    ["an HTML page", text("<!DOCTYPE html><html><body>Sign in</body></html>")],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0)],
    ["7z", Uint8Array.of(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c)],
    ["a tar of something else", new Uint8Array(1024)],
    ["a bare pickle", Uint8Array.of(0x80, 2, 0x7d, 0x2e)],
    ["a configuration", text('{"model_type": "longformer"}')],
    ["an error message", text('{"error": "not found"}')],
    ["an empty zip", Uint8Array.of(0x50, 0x4b, 5, 6, ...new Uint8Array(18))],
    ["the beginning of a zip of something else", text("PK\u0003\u0004".padEnd(100, "x"))],
  ])("%s: nobody claims it", async (_name, bytes) => {
    const claims = await Promise.all(
      adapter.containers.map(async (container) => container.detect({ source: bytesSource(bytes), head: bytes.subarray(0, 4096) })),
    );
    expect(claims.every((claim) => claim === undefined)).toBe(true);
  });
});
