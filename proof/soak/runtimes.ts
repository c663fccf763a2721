import type { Runtime } from "@longspan/core/runtime";

/** The runtimes that are tried, each loaded when it is. */
export const soakedRuntimes = {
  reference: async (): Promise<Runtime> => (await import("@longspan/core/runtime")).referenceRuntime(),
  "ort-native": async (): Promise<Runtime> => {
    const { ort } = await import("@longspan/runtime-ort");
    return ort({ module: await import("onnxruntime-node"), threads: 1 });
  },
  "ort-wasm": async (): Promise<Runtime> => {
    const { ort } = await import("@longspan/runtime-ort");
    return ort({ module: await import("onnxruntime-web"), threads: 1 });
  },
  webgpu: async (): Promise<Runtime> => (await import("@longspan/runtime-webgpu")).webgpu(),
};

export type SoakedRuntime = keyof typeof soakedRuntimes;

export function isSoakedRuntime(name: string): name is SoakedRuntime {
  return name in soakedRuntimes;
}
