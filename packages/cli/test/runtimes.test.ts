import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SessionProfile } from "@longspan/core/runtime";
import { runCommand, runDocument } from "./run-command.ts";

interface AskDocument {
  readonly answers: readonly { readonly answer: string; readonly start: number; readonly score: number }[];
  readonly runtime: string;
  readonly device: string;
  readonly reason: string;
  readonly profile?: SessionProfile;
}

const model = fileURLToPath(new URL("../../../fixtures/huggingface/question-answering", import.meta.url));
let folder = "";
let words: readonly string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-runtimes-"));
  await writeFile(join(folder, "cat.txt"), "the cat sat on the mat near the door. A dog read on.");
  words = ["ask", model, "--question", "where did the cat sit?", "--document", join(folder, "cat.txt"), "--top-k", "5"];
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function ask(...more: readonly string[]): Promise<AskDocument> {
  const { code, document } = await runDocument(...words, ...more);
  expect(code).toBe(0);
  return document as AskDocument;
}

describe("every runtime gives the reference's answers", () => {
  test.each<[string, readonly string[], string, string]>([
    ["webgpu", ["--runtime", "webgpu"], "webgpu", "asked for"],
    ["ort", ["--runtime", "ort"], "ort", "asked for"],
    ["webgpu with weights in float16", ["--runtime", "webgpu", "--precision", "float16"], "webgpu", "asked for"],
    ["the automatic one", ["--runtime", "auto"], "ort", "onnxruntime-node"],
  ])("%s", async (_, options, runtime, reason) => {
    const digits = options.includes("float16") ? 2 : 4;
    const round = ({ answers }: AskDocument): unknown =>
      answers.map(({ answer, start, score }) => ({ answer, start, score: expect.closeTo(score, digits) }));
    const found = await ask(...options);
    expect(found).toMatchObject({ runtime, reason: expect.stringContaining(reason), answers: round(await ask()) });
    expect(found.device).not.toBe("");
  });

  test("the automatic choice is said on stderr, with the reason; one that was asked for is not", async () => {
    const { code, error } = await runCommand(...words, "--runtime", "auto");
    expect(code).toBe(0);
    expect(error).toMatch(/^runtime {2}ort: onnxruntime-node .*\(webgpu: .*software.*\)\n/);
    expect((await runCommand(...words, "--runtime", "ort")).error).not.toContain("runtime");
  });

  test("a runtime is passed over for what it cannot do", async () => {
    await writeFile(join(folder, "ids.json"), '{"input_ids": [[0, 31, 2, 2, 57, 2]]}');
    const outputs = ["run", model, "--inputs", join(folder, "ids.json"), "--outputs", "attentions.0"];
    const [automatic, reference] = [await runDocument(...outputs, "--runtime", "auto"), await runDocument(...outputs)];
    expect([automatic.code, reference.code]).toEqual([0, 0]);
    const shape = (document: unknown): unknown =>
      (document as { outputs: Record<string, { shape: unknown }> }).outputs["attentions.0"]?.shape;
    expect(shape(automatic.document)).toEqual(shape(reference.document));
  });
});

describe("--profile", () => {
  test.each(["reference", "webgpu"])("%s: where the time went, in the document", async (runtime) => {
    const { profile, device } = await ask("--runtime", runtime, "--profile");
    expect(profile?.device).toBe(device);
    expect(profile?.milliseconds).toBeGreaterThan(0);
    expect(profile?.steps.some(({ node }) => node.startsWith("encoder.layer.0."))).toBe(true);
    expect((await ask("--runtime", runtime)).profile).toBeUndefined();
  });

  test("for people: by kernel and by part of the model", async () => {
    const { code, out } = await runCommand(...words, "--profile");
    expect(code).toBe(0);
    expect(out).toMatch(/^profile of the last run: [\d.]+ ms on cpu/m);
    expect(out).toMatch(/^kernel +steps +ms +share/m);
    expect(out).toMatch(/^longformerAttention +2 +[\d.]+ +[\d.]+ %/m);
    expect(out).toMatch(/^encoder\.layer\.1 +\d+ /m);
    expect(out.indexOf("encoder.layer.0")).toBeLessThan(out.indexOf("encoder.layer.1"));
  });
});

describe("wrong usage ends with exit code 2", () => {
  test.each<[string, readonly string[], string]>([
    ["a precision that the runtime lacks", ["--runtime", "reference", "--precision", "float16"], "float16"],
    ["a profile of a runtime that takes no times", ["--runtime", "ort", "--profile"], "--profile: the runtime ort cannot take times"],
    ["a precision that is none", ["--precision", "float64"], "Allowed choices are float32, float16"],
  ])("%s", async (_, more, message) => {
    const { code, error } = await runCommand(...words, ...more);
    expect(code).toBe(2);
    expect(error).toContain(message);
  });
});
