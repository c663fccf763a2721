import { type DimensionBindings, evaluateShape, type GraphNode, type GraphTensor, type Value } from "@longspan/core/graph";
import { required } from "../kernel/required.ts";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { DeviceTensor, Storage } from "../kernel/kernel.ts";
import type { PlanContext } from "../kernel/operation-kernels.ts";
import { checkSize, deviceTensor } from "../kernel/tensor-bytes.ts";
import type { Upload } from "./graph-plan.ts";

export interface TensorTableOptions {
  readonly facts: DeviceFacts;
  readonly parameters: ReadonlyMap<string, DeviceTensor>;
  /** The numbers of all symbols. */
  readonly dimensions: DimensionBindings;
  /** What the host knows: see `evaluateHostPart`. */
  readonly hostValues: ReadonlyMap<string, GraphTensor>;
  /** What nodes compute that lies in memory as float16. */
  readonly halved: ReadonlySet<string>;
}

/** Every tensor that a plan speaks of, by name, and what the host has to write of them. It grows as nodes are planned. */
export class TensorTable {
  /** The name of the memory behind a tensor: of a reshape, its input's. */
  readonly roots: Map<string, string> = new Map();
  readonly uploads: Map<string, Upload> = new Map();
  readonly #tensors: Map<string, DeviceTensor>;
  readonly #options: TensorTableOptions;

  constructor(options: TensorTableOptions) {
    this.#options = options;
    this.#tensors = new Map(options.parameters);
  }

  rootOf(name: string): string {
    return this.roots.get(name) ?? name;
  }

  /** Bytes of a tensor; 0 for one that is not on the device. */
  byteLengthOf(name: string): number {
    return this.#tensors.get(name)?.byteLength ?? 0;
  }

  /** What a node reads: a parameter, what an earlier node wrote, or what the host knows and writes before the run. */
  input(name: string): DeviceTensor {
    const known = this.#tensors.get(name);
    if (known !== undefined) return known;
    const values = required(this.#options.hostValues.get(name), name);
    return this.#upload(name, values.dataType, values.shape, (current) => required(current.get(name), name).data);
  }

  /** What a node writes. @throws LongspanError `device-limit` for one that no buffer can hold. */
  output({ name, dataType, shape }: Value): DeviceTensor {
    return this.#add(name, this.#storageOf(name, dataType), evaluateShape(shape, this.#options.dimensions));
  }

  /** The same of outputs of one shape that are columns of one tensor, one after the other. */
  joinedOutputs(outputs: readonly Value[]): readonly DeviceTensor[] {
    const [first] = outputs;
    if (first === undefined) return [];
    const shape = evaluateShape(first.shape, this.#options.dimensions);
    const columns = shape.at(-1) ?? 1;
    const rowStride = outputs.length * columns;
    const storages = outputs.map(({ name, dataType }) => this.#storageOf(name, dataType));
    // One of them that has to be float32 makes all of them so.
    const storage = storages.find((one) => one !== "float16") ?? "float16";
    const tensor = this.#add(outputs.map(({ name }) => name).join(" + "), storage, [...shape.slice(0, -1), rowStride]);
    return outputs.map(({ name }, at) => {
      const part = { ...deviceTensor(name, storage, shape), columnsOf: { tensor, offset: at * columns, rowStride } };
      this.#tensors.set(name, part);
      this.roots.set(name, tensor.name);
      return part;
    });
  }

  /** int32 zeros, written before each run, for kernels to write to. */
  zeros(name: string, elements: number): DeviceTensor {
    const data = new Int32Array(elements);
    return this.#upload(name, "int32", [elements], () => data);
  }

  #storageOf(name: string, dataType: Value["dataType"]): Storage {
    return dataType === "float32" && this.#options.halved.has(name) ? "float16" : dataType;
  }

  /** Another name and shape of the same memory. */
  alias({ name, shape }: Value, of: string): void {
    const input = this.input(of);
    this.#tensors.set(name, { ...input, name, shape: evaluateShape(shape, this.#options.dimensions) });
    this.roots.set(name, this.rootOf(input.name));
  }

  /** What the kernels of a node may ask for. */
  contextOf(node: GraphNode): PlanContext {
    const { facts, dimensions, hostValues } = this.#options;
    let scratches = 0;
    return {
      facts,
      dimensions,
      scratch: (storage, elements) => this.#add(`${node.outputs[0]?.name} scratch ${scratches++}`, storage, [elements]),
      hostValues: ({ name }) => hostValues.get(name) ?? hostValues.get(this.rootOf(name)),
      derived: (key, elements, from, compute) => this.#derived(key, elements, this.rootOf(from.name), compute),
    };
  }

  #derived(key: string, elements: number, source: string, compute: (values: GraphTensor) => Int32Array): DeviceTensor {
    const name = `derived ${key} of ${source}`;
    return this.#tensors.get(name) ?? this.#upload(name, "int32", [elements], (current) => compute(required(current.get(source), source)));
  }

  #upload(name: string, dataType: GraphTensor["dataType"], shape: readonly number[], values: Upload["values"]): DeviceTensor {
    const tensor = this.#add(name, dataType, shape);
    this.uploads.set(name, { name, dataType, byteLength: tensor.byteLength, values });
    return tensor;
  }

  #add(name: string, storage: Storage, shape: readonly number[]): DeviceTensor {
    const tensor = deviceTensor(name, storage, shape);
    checkSize(tensor, this.#options.facts);
    this.#tensors.set(name, tensor);
    return tensor;
  }
}
