import { expect, test } from "vitest";
import { referenceRuntime, type Runtime, type RuntimeCapabilities } from "@longspan/core/runtime";
import { chooseRuntime } from "./choose-runtime.ts";
import type { RuntimeCandidate } from "./runtime-candidate.ts";

function runtime(name: string, capabilities: Partial<RuntimeCapabilities> = {}): Runtime {
  const reference = referenceRuntime();
  return { ...reference, name, capabilities: { ...reference.capabilities, ...capabilities } };
}

function there(name: string, capabilities?: Partial<RuntimeCapabilities>): RuntimeCandidate {
  return { name, find: async () => ({ runtime: runtime(name, capabilities), description: `${name} 1.0` }) };
}

function missing(name: string): RuntimeCandidate {
  return { name, find: async () => ({ obstacle: "is not installed" }) };
}

const neverAsked: RuntimeCandidate = { name: "slow", find: () => Promise.reject(new Error("looked for in vain")) };

test("the first that is there, without looking further", async () => {
  const { runtime: chosen, reason } = await chooseRuntime({}, [there("fast"), neverAsked]);
  expect([chosen.name, reason]).toEqual(["fast", "fast 1.0"]);
});

test("the reason names what stands in the way of the faster ones", async () => {
  const { runtime: chosen, reason } = await chooseRuntime({}, [missing("fastest"), missing("faster"), there("fast"), neverAsked]);
  expect([chosen.name, reason]).toEqual(["fast", "fast 1.0 (fastest: is not installed; faster: is not installed)"]);
});

test("what cannot do what is needed is passed over", async () => {
  const candidates = [there("fast", { attentionWeights: false }), there("wide", { dataTypes: ["float32", "float16"] }), there("slow")];
  expect((await chooseRuntime({}, candidates)).runtime.name).toBe("fast");
  expect(await chooseRuntime({ attentionWeights: true }, candidates)).toMatchObject({
    runtime: { name: "wide" },
    reason: "wide 1.0 (fast: gives no attention probabilities)",
  });
  expect(await chooseRuntime({ dataType: "float16" }, candidates)).toMatchObject({
    runtime: { name: "wide" },
    reason: "wide 1.0 (fast: does not compute in float16)",
  });
});

test("when none can, all reasons are given", async () => {
  await expect(chooseRuntime({ dataType: "float16" }, [missing("fast"), there("slow")])).rejects.toMatchObject({
    code: "argument-invalid",
    message: expect.stringContaining("fast: is not installed; slow: does not compute in float16"),
  });
});
