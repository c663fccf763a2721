import { expect, test } from "vitest";
import { runCommand, runDocument } from "./run-command.ts";

interface Machine {
  readonly node: string;
  readonly chosen: { readonly runtime: string; readonly reason: string };
  readonly runtimes: readonly { readonly name: string; readonly usable: boolean; readonly description: string }[];
  readonly adapters: readonly {
    readonly name: string;
    readonly kind: string;
    readonly features: readonly string[];
    readonly limits: object;
  }[];
  readonly packages: readonly { readonly name: string; readonly version: string | null }[];
  readonly hints: readonly string[];
}

test("the document says what is here: tests run with all packages, and on a software adapter alone", async () => {
  const { code, document } = await runDocument("doctor");
  const { node, chosen, runtimes, adapters, packages, hints } = document as Machine;
  expect([code, node]).toEqual([0, process.versions.node]);
  expect(packages.map(({ name }) => name)).toEqual(["webgpu", "onnxruntime-node", "onnxruntime-web"]);
  for (const { version } of packages) expect(version).toMatch(/^\d+\.\d+\.\d+/);
  expect(runtimes.map(({ name, usable }) => [name, usable])).toEqual([
    ["webgpu", false],
    ["onnxruntime-node", true],
    ["onnxruntime-web", true],
    ["reference", true],
  ]);
  expect(runtimes[0]?.description).toContain("software");
  expect(chosen).toEqual({ runtime: "ort", reason: expect.stringMatching(/^onnxruntime-node \d+.*\(webgpu: .*software/) });
  expect(adapters).toHaveLength(1);
  expect(adapters[0]).toMatchObject({ kind: "cpu", limits: { maxBufferSize: expect.any(Number) } });
  expect(adapters[0]?.features).toContain("timestamp-query");
  expect(hints.join()).toContain("driver");
});

test("for people: the same in sections", async () => {
  const { code, out, error } = await runCommand("doctor");
  expect({ code, error }).toEqual({ code: 0, error: "" });
  for (const part of ["chosen", "ort: onnxruntime-node", "GPU adapters", "matrix units", "maxStorageBufferBindingSize", "what to install"])
    expect(out).toContain(part);
});
