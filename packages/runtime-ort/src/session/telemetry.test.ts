import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const program = `
  import * as module from "onnxruntime-node";
  import { buildGraph } from "@longspan/core/graph";
  import { memoryWeights } from "@longspan/core/runtime";
  import { ort } from ${JSON.stringify(new URL("ort.ts", import.meta.url).href)};
  const graph = buildGraph("same", (builder) => builder.output("y", builder.input("x", "float32", ["batch", 2])));
  const session = await ort({ module, threads: 1 }).prepare(graph, memoryWeights({}));
  console.log(session.device);
  await session.dispose();
`;

test("onnxruntime-node keeps no record, and does not read the command line, on which a text may stand", async () => {
  const folder = await mkdtemp(join(tmpdir(), "longspan-telemetry-"));
  try {
    const { ORT_DISABLE_TELEMETRY: _own, ...environment } = process.env;
    const text = "a".repeat(60_000);
    const { status, signal, stdout } = spawnSync(
      process.execPath,
      ["--conditions", "@longspan/source", "--input-type=module-typescript", "--eval", program, text],
      {
        env: { ...environment, HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: folder },
        encoding: "utf8",
        cwd: new URL(".", import.meta.url),
      },
    );
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: expect.stringMatching(/^onnxruntime-node/) });
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
