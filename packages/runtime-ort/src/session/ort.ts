import { toBinary } from "@bufbuild/protobuf";
import { LongspanError } from "@longspan/core";
import { checkOptions, type OptionNames, throwIfAborted } from "@longspan/core/adapter";
import type { Graph, GraphTensor } from "@longspan/core/graph";
import {
  chosenDataType,
  createSession,
  fitGraph,
  type PrepareOptions,
  readParameters,
  type Runtime,
  type RuntimeCapabilities,
  type Weights,
} from "@longspan/core/runtime";
import { exportGraph } from "../export/export-graph.ts";
import { standardOnnxOperations } from "../export/standard-onnx-operations.ts";
import { externalTensor } from "../onnx/external-tensor.ts";
import { ModelProtoSchema } from "../onnx/onnx_pb.ts";
import { valueInfo } from "../onnx/value-info.ts";
import { externalFiles, type ExternalFiles } from "./external-files.ts";
import { ortError } from "./ort-error.ts";
import type { OrtSession, OrtTensor } from "./ort-module.ts";
import { openPlace, type OrtOptions, type Place } from "./place.ts";

const optionNames: OptionNames<OrtOptions> = { module: true, executionProviders: true, threads: true };

/**
 * Runs graphs with onnxruntime: natively in Node, in WebAssembly or on a GPU. Graphs become ONNX in memory, for any batch and length;
 * attention is written in plain operators, so that no fused kernel has to be trusted. float32 throughout.
 *
 * On the processor, onnxruntime-node computes with the weights where they lie: preparing copies nothing. Elsewhere they are copied into
 * WebAssembly's or the device's memory, once.
 *
 * Besides what every runtime throws, `prepare` throws LongspanError `module-missing`, `feature-missing` (an execution provider that the
 * module lacks), `device-missing`, `out-of-memory`; `run` throws `out-of-memory` and `device-lost`.
 * @throws LongspanError `argument-invalid` for a number of threads that is none, and for options that there are not.
 */
export function ort(options: OrtOptions = {}): Runtime {
  checkOptions(options, optionNames, "ort");
  const { threads } = options;
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1)) {
    throw new LongspanError("argument-invalid", `threads is ${threads}; it is an integer, 1 or more.`, { details: { threads } });
  }
  const capabilities: RuntimeCapabilities = {
    operations: [...standardOnnxOperations.keys()],
    dataTypes: ["float32"],
    attentionWeights: true,
  };
  const runtime = { name: "ort", capabilities } as const;
  return {
    ...runtime,
    specificationVersion: 1,
    async prepare(graph, weights, prepareOptions = {}) {
      const fitted = fitGraph(graph, runtime);
      chosenDataType(runtime, prepareOptions);
      throwIfAborted(prepareOptions.signal);
      const place = await openPlace(options);
      // Whoever keeps a disposed session keeps no weights.
      let prepared: PreparedModel | undefined = await prepareModel(fitted, weights, place, prepareOptions);
      return createSession({
        graph,
        fitted,
        device: place.device,
        async execute(part, { tensors }, { signal, onProgress }) {
          const results = await place.queue(async () => {
            throwIfAborted(signal);
            const feeds = Object.fromEntries([...tensors].map(([name, tensor]) => [name, place.tensor(tensor)]));
            const names = part.outputs.map(({ name }) => name);
            if (prepared === undefined) throw new TypeError("a session runs before it is freed");
            return prepared.session.run({ ...prepared.weights, ...feeds }, names).catch((error: unknown) => {
              throw ortError(error, `running graph "${graph.name}"`, place.device);
            });
          });
          throwIfAborted(signal);
          onProgress?.({ stage: "run", item: graph.name, done: 1, total: 1, unit: "steps" });
          return Object.fromEntries(part.outputs.map(({ name }) => [name, graphTensor(results[name], name)]));
        },
        async free() {
          const { session } = prepared ?? {};
          prepared = undefined;
          await place.queue(async () => session?.release());
        },
      });
    },
  };
}

interface PreparedModel {
  readonly session: OrtSession;
  /** What every run is given besides its inputs. */
  readonly weights: Readonly<Record<string, OrtTensor>>;
}

async function prepareModel(graph: Graph, weights: Weights, place: Place, options: PrepareOptions): Promise<PreparedModel> {
  const { model } = exportGraph(graph);
  const create = async (external?: ExternalFiles): Promise<OrtSession> => {
    const bytes = toBinary(ModelProtoSchema, model);
    const session = await place.queue(async () => {
      throwIfAborted(options.signal);
      return place.create(bytes, external?.files).catch((error: unknown) => {
        throw external?.failure() ?? ortError(error, `preparing graph "${graph.name}"`, place.device);
      });
    });
    if (options.signal?.aborted === true) await place.queue(() => session.release());
    throwIfAborted(options.signal);
    return session;
  };
  if (place.sharesMemory) {
    const shared: Record<string, OrtTensor> = {};
    for await (const { parameter, data } of readParameters(graph, weights, options)) {
      model.graph.input.push(valueInfo(parameter.name, "float32", parameter.shape));
      shared[parameter.name] = place.tensor({ dataType: "float32", shape: parameter.shape, data });
    }
    return { session: await create(), weights: shared };
  }
  const external = await externalFiles(graph, weights, options);
  for (const { path, parameter, shape, length } of external.files)
    model.graph.initializer.push(externalTensor(parameter, "float32", shape, { location: path, offset: 0, length }));
  const session = await create(external);
  if (place.copiesWeights) external.release();
  return { session, weights: {} };
}

function graphTensor(tensor: OrtTensor | undefined, name: string): GraphTensor {
  const shape = tensor?.dims ?? [];
  if (tensor?.type === "float32" && tensor.data instanceof Float32Array) return { dataType: "float32", shape, data: tensor.data };
  if (tensor?.type === "int32" && tensor.data instanceof Int32Array) return { dataType: "int32", shape, data: tensor.data };
  if (tensor?.type === "bool" && tensor.data instanceof Uint8Array) return { dataType: "bool", shape, data: tensor.data };
  throw new TypeError(`onnxruntime gave ${tensor?.type ?? "nothing"} for the output ${name}`);
}
