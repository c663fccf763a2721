import { expect, test } from "vitest";
import { LongspanError } from "@longspan/core";
import type { Runtime } from "@longspan/core/runtime";
import { countCalls } from "../testing/counted-device.ts";
import { ones, smallLayer, smallLayerWeights } from "../testing/small-layer.ts";
import { testDevice } from "../testing/test-device.ts";
import { webgpu } from "../webgpu-runtime.ts";

async function useOnce(runtime: Runtime, profile: boolean): Promise<string> {
  try {
    const session = await runtime.prepare(smallLayer, smallLayerWeights, { profile });
    try {
      await session.run({ x: ones(2, 4) });
      return "done";
    } finally {
      await session.dispose();
    }
  } catch (error) {
    return LongspanError.isInstance(error) ? error.code : String(error);
  }
}

/** Destroys a device just before it tells for the n-th time what became of some calls. @returns whether it came to that */
function loseBeforeAnswer(device: GPUDevice, n: number): () => boolean {
  let answers = 0;
  const pop = device.popErrorScope.bind(device);
  device.popErrorScope = () => {
    if (++answers === n) device.destroy();
    return pop();
  };
  return () => answers >= n;
}

test("wherever a device is lost, no buffer is left", async () => {
  const ends: string[] = [];
  // Three answers are asked for at once.
  for (let answer = 1; ends.at(-1) !== "done"; answer += 3) {
    const { device, facts } = await testDevice();
    const counts = countCalls(device);
    const isLost = loseBeforeAnswer(device, answer);
    ends.push(await useOnce(webgpu({ device }), facts.timestamps));
    expect([answer, counts.buffersStanding]).toEqual([answer, 0]);
    expect(ends.at(-1)).toBe(isLost() ? "device-lost" : "done");
    device.destroy();
  }
  expect(ends.length).toBeGreaterThan(10);
});
