import type { Tensor } from "@longspan/core";
import { createSession, type Runtime } from "@longspan/core/runtime";

/** What both of onnxruntime's packages have, as far as it is needed here. */
export interface OnnxRuntimeModule {
  readonly InferenceSession: { create(model: Uint8Array): Promise<OnnxSession> };
  readonly Tensor: new (type: "int64", data: BigInt64Array, dims: readonly number[]) => object;
}

interface OnnxSession {
  readonly inputNames: readonly string[];
  run(feeds: Record<string, object>): Promise<Readonly<Record<string, { readonly dims: readonly number[]; readonly data: unknown }>>>;
  release(): Promise<void>;
}

/** Runs an ONNX file in place of the graph and the weights it is handed: what a pipeline gives is then what the file gives. */
export function onnxFileRuntime(module: OnnxRuntimeModule, model: Uint8Array): Runtime {
  return {
    specificationVersion: 1,
    name: "onnx-file",
    capabilities: { operations: ["longformerAttention"], dataTypes: ["float32"], attentionWeights: false },
    async prepare(graph) {
      const session = await module.InferenceSession.create(model);
      return createSession({
        graph,
        fitted: graph,
        device: "cpu",
        async execute(part, inputs) {
          const given: Readonly<Record<string, Tensor>> = Object.fromEntries(inputs.tensors);
          const feeds = session.inputNames.map((name): [string, object] => {
            const tensor = given[name];
            if (tensor === undefined) throw new Error(`the file has an input ${name}, the graph has none`);
            return [name, new module.Tensor("int64", BigInt64Array.from(tensor.data, BigInt), tensor.shape)];
          });
          const found = await session.run(Object.fromEntries(feeds));
          return Object.fromEntries(
            part.outputs.map(({ name }) => {
              const { dims = [], data } = found[name] ?? {};
              if (!(data instanceof Float32Array)) throw new Error(`the output ${name} is no float32`);
              return [name, { dataType: "float32" as const, shape: dims, data }];
            }),
          );
        },
        free: () => session.release(),
      });
    },
  };
}
