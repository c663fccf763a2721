import { create } from "webgpu";
import type { DeviceFacts, MatrixShape, MatrixUnits } from "../kernel/device-facts.ts";
import { readDeviceFacts } from "../device/read-device-facts.ts";
import { webGpuFeatures } from "../device/web-gpu-features.ts";
import { kernelText, type Kernel } from "../kernel/kernel.ts";
import type { MadeMatrixUnits } from "../kernels/matrix/index.ts";
import { plainMatrices } from "./plain-matrices.ts";
import { testDevice, type TestDevice } from "./test-device.ts";

/** What NVIDIA's and Apple's devices say they have. */
export const knownMatrixShapes: readonly MatrixShape[] = [
  { rows: 16, columns: 16, inner: 16 },
  { rows: 16, columns: 8, inner: 16 },
  { rows: 8, columns: 8, inner: 8 },
];

/** Matrix units of one shape, computed in plain WGSL. */
export function plainUnits(shape: MatrixShape): MadeMatrixUnits {
  return { shapes: [shape], lanes: 32, make: plainMatrices };
}

/**
 * Facts of a GPU as this device would be with matrix units of one shape, computed in plain WGSL. It has so little workgroup memory that only the
 * smallest tiles fit: software adapters take seconds to compile the others.
 */
export function withMatrixUnits(facts: DeviceFacts, shape: MatrixShape): DeviceFacts {
  const limits = { ...facts.limits, maxComputeWorkgroupStorageSize: 16_000 };
  return { ...facts, kind: "gpu", compilesSlowly: true, shaderFloat16: true, matrixUnits: plainUnits(shape), limits };
}

/** This machine's device as a GPU, with matrix units of its own: `npm run test:matrix-units` brings one. */
export async function deviceWithMatrixUnits(): Promise<TestDevice & { readonly matrixUnits: MatrixUnits }> {
  const { device, facts } = await testDevice();
  const { matrixUnits } = facts;
  if (matrixUnits === undefined) throw new Error(`${facts.name} has no matrix units: run these tests by "npm run test:matrix-units"`);
  return { device, facts: { ...facts, kind: "gpu" }, matrixUnits };
}

/** Kept for as long as the process lives: see `openGpu`. */
let dawn: GPU | undefined;
let opening: Promise<GPUDevice> | undefined;

/**
 * What Dawn's compiler says against a kernel, by its backend that computes nothing but knows all features, matrix units among them.
 * undefined: nothing.
 */
export async function refusalOf(kernel: Pick<Kernel, "code">): Promise<string | undefined> {
  const device = await (opening ??= openNullDevice());
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: await kernelText(kernel) });
  const problem = await device.popErrorScope();
  if (problem !== null) return problem.message;
  const [complaint] = (await module.getCompilationInfo()).messages;
  return complaint === undefined ? undefined : `${complaint.lineNum}:${complaint.linePos} ${complaint.message}`;
}

/**
 * Dawn's device that computes nothing, as one with matrix units: it checks all that a device is given, the device's own text of their kernels among it. Its
 * workgroup memory is the least that there is.
 */
export async function nullDevice(): Promise<TestDevice> {
  const device = await openNullDevice();
  // It says that its subgroups are of up to 128, of which workgroups with matrices have to be multiples.
  const createShaderModule = device.createShaderModule.bind(device);
  const widened = (code: string): string =>
    code.replace(/@workgroup_size\((\d+)\)/, (_, size: string) => `@workgroup_size(${Math.ceil(Number(size) / 128) * 128})`);
  device.createShaderModule = ({ code, ...rest }) =>
    createShaderModule({ ...rest, code: code.includes("subgroup_matrix") ? widened(code) : code });
  const matrixUnits: MatrixUnits = { shapes: knownMatrixShapes.slice(0, 2), lanes: 32 };
  const facts = readDeviceFacts(device, webGpuFeatures);
  return { device, facts: { ...facts, kind: "gpu", subgroups: { minimum: 32, maximum: 32 }, shaderFloat16: true, matrixUnits } };
}

async function openNullDevice(): Promise<GPUDevice> {
  dawn ??= create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  const adapter = await dawn.requestAdapter();
  if (adapter === null) throw new Error("Dawn has no backend that computes nothing");
  const requiredFeatures = ["shader-f16", "subgroups", "timestamp-query", "chromium-experimental-subgroup-matrix"] as GPUFeatureName[];
  return adapter.requestDevice({ requiredFeatures });
}
