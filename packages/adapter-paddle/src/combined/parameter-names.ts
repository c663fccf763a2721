import { LongspanError } from "@longspan/core";
import { type ContainerInput, type MemoryBudget, parseJson } from "@longspan/core/adapter";
import { readPickle } from "@longspan/pickle";
import { wrapPickleError } from "../pdparams/wrap-pickle-error.ts";
import { parsePirProgram } from "./pir-program.ts";
import { type DeclaredParameter, parseProgramDescription } from "./program-description.ts";

/** Bytes of memory for a name and its place in a list. */
const nameCost = 300;

export interface ParameterNames {
  /** In the order of the tensors. */
  readonly parameters: readonly DeclaredParameter[];
  /** The file they come from. */
  readonly fileName: string;
  /** `structured`: as in `Layer.state_dict()`; `internal`: Paddle's own (`linear_0.w_0`); `given`: by the user. */
  readonly kind: "structured" | "internal" | "given";
}

/** Where names may be found beside `NAME.pdiparams`, the first that is there counts. */
export function nameListFiles(fileName: string): {
  readonly given: string;
  readonly information: string;
  readonly programs: readonly string[];
} {
  const stem = fileName.replace(/\.[^.]*$/, "");
  return {
    given: `${stem}.names.json`,
    information: `${fileName}.info`,
    programs: [`${stem}.pdmodel`, `${stem}.json`, "__model__"],
  };
}

/**
 * The names of the tensors in a `save_combine` file, from what lies beside it. Paddle writes them sorted by internal name (paddle/static/io.py and pir_io.py, `sorted(save_var_map.keys())`;
 * jit/api.py, `save`), so that a list of names is enough.
 *
 * @returns undefined when no list is there
 * @throws LongspanError `malformed` for a list that is not what it has to be, `limit-exceeded`, and what reading throws
 */
export async function findParameterNames(input: ContainerInput, budget: MemoryBudget): Promise<ParameterNames | undefined> {
  const { given, information, programs } = nameListFiles(input.fileName);
  const givenBytes = await readBeside(input, given, budget);
  if (givenBytes !== undefined) return { parameters: parseNameList(givenBytes, given, budget), fileName: given, kind: "given" };
  const informationBytes = await readBeside(input, information, budget);
  if (informationBytes !== undefined)
    return {
      parameters: await parseInformation(informationBytes, information, budget),
      fileName: information,
      kind: "structured",
    };
  for (const fileName of programs) {
    const bytes = await readBeside(input, fileName, budget);
    if (bytes === undefined) continue;
    const declared = fileName.endsWith(".json") ? parsePirProgram(bytes, fileName, budget) : parseProgramDescription(bytes, budget);
    // A JSON file of that name may be anything; a .pdmodel is a program.
    if (declared === undefined && fileName.endsWith(".json")) continue;
    if (declared === undefined) throw malformed(fileName, "is no Paddle program");
    return { parameters: distinctSorted(declared), fileName, kind: "internal" };
  }
  return undefined;
}

async function readBeside({ files, signal }: ContainerInput, fileName: string, budget: MemoryBudget): Promise<Uint8Array | undefined> {
  const source = await files.resolve(fileName);
  if (source === undefined) return undefined;
  try {
    if (source.size > budget.left) throw budget.exceeded(source.name);
    budget.spend(source.size);
    // A copy: the source is closed before the bytes are used.
    return (await source.read(0, source.size, { signal })).slice();
  } finally {
    await source.close();
  }
}

function parseNameList(bytes: Uint8Array, fileName: string, budget: MemoryBudget): DeclaredParameter[] {
  const list = parseJson(bytes, { name: fileName, code: "malformed", budget });
  if (!Array.isArray(list)) throw malformed(fileName, "is not a JSON list of names");
  budget.spend(nameCost * list.length);
  return list.map((name: unknown) => {
    if (typeof name !== "string") throw malformed(fileName, "lists something that is not a name");
    return { name, shape: undefined };
  });
}

/** `{internal name: {"structured_name": name, …}}`, which `paddle.jit.save` of Paddle 2 wrote (jit/api.py, `extra_var_info`). */
async function parseInformation(bytes: Uint8Array, fileName: string, budget: MemoryBudget): Promise<DeclaredParameter[]> {
  const { value, memory } = await readPickle(bytes, { limits: { memory: budget.left } }).catch((error: unknown) => {
    throw wrapPickleError(error, fileName, budget);
  });
  budget.spend(memory);
  if (typeof value !== "object" || value?.kind !== "dict") throw malformed(fileName, "is not a pickled dict");
  budget.spend(nameCost * value.size);
  const structured = new Map<string, string>();
  for (const [internal, information] of value.entries) {
    const name = typeof information === "object" && information?.kind === "dict" ? information.get("structured_name") : undefined;
    if (typeof internal !== "string" || typeof name !== "string")
      throw malformed(fileName, 'does not give each parameter a "structured_name"');
    structured.set(internal, name);
  }
  return [...structured.keys()]
    .toSorted(compareCodePoints)
    .map((internal) => ({ name: structured.get(internal) ?? internal, shape: undefined }));
}

function distinctSorted(parameters: readonly DeclaredParameter[]): DeclaredParameter[] {
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  return [...byName.values()].toSorted((one, other) => compareCodePoints(one.name, other.name));
}

/** Python's order of strings, by code point; JavaScript's is by UTF-16 unit, in which surrogates stand before U+E000. */
function compareCodePoints(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const [left, right] = [one.charCodeAt(index), other.charCodeAt(index)];
    if (left !== right) return orderOf(left) - orderOf(right);
  }
  return one.length - other.length;
}

function orderOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function malformed(fileName: string, why: string, cause?: unknown): LongspanError {
  return new LongspanError(
    "malformed",
    `${fileName}, which should name the parameters of the file beside it, ${why}. Remove it, or write it again.`,
    {
      cause,
      details: { file: fileName },
    },
  );
}
