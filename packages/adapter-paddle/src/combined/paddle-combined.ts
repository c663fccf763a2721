import { LongspanError } from "@longspan/core";
import {
  budgetOf,
  type Claim,
  type Container,
  type ContainerInput,
  type ContainerProbe,
  type OpenedContainer,
  stridedTensor,
  treeMap,
  type TreeValue,
} from "@longspan/core/adapter";
import { type ParameterNames, findParameterNames, nameListFiles } from "./parameter-names.ts";
import { parseTensorHeader } from "./tensor-header.ts";
import { type StreamedTensor, readTensorStream } from "./tensor-stream.ts";

/**
 * The binary files of Paddle's programs: `.pdiparams` (`save_combine`: all parameters back to back, without names) and a single tensor saved with `use_binary_format`.
 * Read only. Names come from what lies beside it: see `findParameterNames`.
 */
export function paddleCombinedContainer(): Container {
  return { name: "paddle-combined", entryNames: [], detect, open };
}

function detect({ source, head }: ContainerProbe): Claim | undefined {
  const header = parseTensorHeader(head);
  if (header === "more" || "wrong" in header) return undefined;
  const evidence = `a Paddle tensor (${header.typeName}, shape [${header.shape.join(", ")}])`;
  // A copy that was cut off inside its first tensor is recognised all the same, so that opening it says what is wrong.
  return { specificity: header.headerBytes + header.byteLength > source.size ? 40 : 75, evidence };
}

async function open(input: ContainerInput): Promise<OpenedContainer> {
  const { source, fileName, signal } = input;
  const budget = budgetOf(input);
  const tensors = await readTensorStream({ source, budget, signal }, fileName);
  const found = await findParameterNames(input, budget);
  if (found !== undefined) checkNames(found, tensors, fileName);
  const names = found?.parameters.map((parameter) => parameter.name) ?? tensors.map((_, index) => `tensor.${index}`);
  const entries = tensors.map((tensor, index): readonly [string, TreeValue] => [
    names[index] ?? "",
    toTree(tensor, names[index] ?? "", input),
  ]);
  return {
    root: treeMap(entries),
    attributes: new Map([["parameter-names", found?.kind ?? "none"]]),
    warnings: nameWarnings(found, fileName),
    close: async () => {},
  };
}

function toTree({ dataType, typeName, shape, offset, byteLength }: StreamedTensor, name: string, { source }: ContainerInput): TreeValue {
  if (dataType === undefined)
    return {
      kind: "opaque",
      className: "paddle.Tensor",
      reason: `its elements are of Paddle's type ${typeName}, which no tensor here can have`,
    };
  return stridedTensor({ name, dataType, shape, storage: { source, offset, byteLength } });
}

function checkNames({ parameters, fileName: listName }: ParameterNames, tensors: readonly StreamedTensor[], fileName: string): void {
  const wrong = (why: string): LongspanError =>
    new LongspanError(
      "malformed",
      `${listName} ${why}. They are not of the same model; "${nameListFiles(fileName).given}", a JSON list of names, takes precedence over it.`,
      {
        details: { file: fileName, names: listName },
      },
    );
  if (parameters.length !== tensors.length)
    throw wrong(`names ${parameters.length} parameters, but ${fileName} has ${tensors.length} tensors`);
  const seen = new Set<string>();
  for (const [index, { name, shape }] of parameters.entries()) {
    if (seen.has(name)) throw wrong(`names "${name}" twice`);
    seen.add(name);
    const actual = tensors[index]?.shape ?? [];
    if (shape !== undefined && !(shape.length === actual.length && shape.every((size, axis) => size === -1 || size === actual[axis]))) {
      throw wrong(`says that "${name}" has shape [${shape.join(", ")}], but tensor ${index} of ${fileName} has [${actual.join(", ")}]`);
    }
  }
}

function nameWarnings(found: ParameterNames | undefined, fileName: string): string[] {
  const { given } = nameListFiles(fileName);
  if (found === undefined)
    return [
      `${fileName} holds no names and none lie beside it: its tensors are numbered. Put their names, in order, as a JSON list into "${given}".`,
    ];
  if (found.kind !== "internal") return [];
  return [
    `The names are Paddle's internal ones, from ${found.fileName}: the structured names are not saved. To convert it, put the structured names, in the same order, as a JSON list into "${given}".`,
  ];
}
