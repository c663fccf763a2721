// `node --conditions=@longspan/source bench/matrix-check.ts`: whether the attention kernels on this device's matrix units give right values, in each tiling, in the
// device's form and, on a GPU, in plain WGSL (which takes a software adapter many minutes). Nothing is timed. The primitives by themselves: `npm run bench:matrix-probe`.
import type { DeviceFacts } from "../packages/runtime-webgpu/src/kernel/device-facts.ts";
import type { AttentionTilings } from "../packages/runtime-webgpu/src/kernels/attention/attention-plan.ts";
import { globalTilingsOf, tileGlobalTiling } from "../packages/runtime-webgpu/src/kernels/attention/global-tiling.ts";
import { jointTilingsOf } from "../packages/runtime-webgpu/src/kernels/attention/joint-tiling.ts";
import { rowCutName, rowCutsOf } from "../packages/runtime-webgpu/src/kernels/attention/row-slices.ts";
import { headTilingsOf } from "../packages/runtime-webgpu/src/kernels/attention/tiling.ts";
import type { MadeMatrixUnits } from "../packages/runtime-webgpu/src/kernels/matrix/index.ts";
import { plainMatrices } from "../packages/runtime-webgpu/src/testing/plain-matrices.ts";
import { testDevice } from "../packages/runtime-webgpu/src/testing/test-device.ts";
import { createAttentionTensors, headSize, hidden, prepareAttention, worst, type AttentionTensors } from "./attention-on-device.ts";

const globals = 16;
const given = await testDevice();
// A software adapter with matrix units is given a GPU's kernels, too: its own use none.
const facts = { ...given.facts, kind: "gpu" } as const;
const { name, matrixUnits: units } = facts;
console.log(`${name}; matrix units: ${JSON.stringify(units)}`);
if (units !== undefined) {
  const madeUnits: MadeMatrixUnits = { ...units, shapes: units.shapes.slice(0, 1), make: plainMatrices };
  const tensors = createAttentionTensors(given, { sequence: 512, window: 512, globals }, true);
  await check(tensors, facts);
  if (given.facts.kind === "gpu") await check(tensors, { ...facts, matrixUnits: madeUnits });
  tensors.destroy();
}
given.device.destroy();

interface Context {
  readonly globals: Float32Array;
  readonly locals: Float32Array;
}

async function check(tensors: AttentionTensors, facts: DeviceFacts): Promise<void> {
  /** The context by these tilings, of which kernels have to bear this one's name. */
  const context = async (tilings: AttentionTilings, form: "direct" | "reassociated", named: string): Promise<Context> => {
    const reassociateUpTo = form === "direct" ? 0 : Number.POSITIVE_INFINITY;
    const prepared = await prepareAttention({ ...given, facts }, tensors, { tilings, reassociateUpTo });
    if (!prepared.kernels.some((kernel) => kernel.includes(named))) throw new Error(`it is not used: ${prepared.kernels.join(", ")}`);
    await prepared.run(1);
    const found = await tensors.readContext();
    prepared.destroy();
    return { globals: found.subarray(0, globals * hidden), locals: found.subarray(globals * hidden) };
  };
  const staged = { kind: "staged", name: "staged" } as const;
  const tile = tileGlobalTiling(8, 4);
  const base = { window: staged, direct: staged, globalScores: tile, globalMix: tile, globalJoint: false } as const;
  const expected = { direct: await context(base, "direct", ""), reassociated: await context(base, "reassociated", tile.name) };
  console.log(
    `${facts.matrixUnits !== undefined && "make" in facts.matrixUnits ? "plain" : "device"}; without matrix units global rows of the two forms are apart by ${worst(expected.direct.globals, expected.reassociated.globals)}`,
  );
  const report = async (
    part: string,
    tiling: string,
    own: AttentionTilings,
    form: "direct" | "reassociated",
    named = tiling,
  ): Promise<void> => {
    try {
      const found = await context({ ...base, ...own }, form, named);
      const [offGlobals, offLocals] = [worst(found.globals, expected[form].globals), worst(found.locals, expected[form].locals)];
      console.log(`  ${part} ${tiling}: locals off by ${offLocals}, globals by ${offGlobals}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`  ${part} ${tiling} failed: ${String(error).replaceAll("\n", " ").slice(0, 300)}`);
    }
  };
  for (const tiling of headTilingsOf(facts, { length: headSize, halves: true }))
    if (tiling.kind === "matrix") await report("window and direct", tiling.name, { window: tiling, direct: tiling }, "direct");
  for (const globalJoint of jointTilingsOf(facts, hidden))
    await report("scores and sums in one", globalJoint.name, { globalJoint }, "reassociated");
  for (const globalRows of rowCutsOf(facts))
    await report("global tokens' own products", rowCutName(globalRows), { globalRows }, "reassociated", "global-queries");
  for (const tiling of globalTilingsOf(facts, true)) {
    if (tiling.kind !== "matrix") continue;
    await report("scores", tiling.name, { globalScores: tiling }, "reassociated");
    await report("sums", tiling.name, { globalMix: tiling }, "reassociated");
  }
}
