import { type ContainerInput, LongspanError } from "@longspan/core";
import { readPickle } from "@longspan/pickle";
import { wrapPickleError } from "../pdparams/wrap-pickle-error.ts";
import { parsePirProgram } from "./pir-program.ts";
import { type DeclaredParameter, parseProgramDescription } from "./program-description.ts";

/** Programs of large models have some ten megabytes; they are read whole. */
const mostListBytes = 100_000_000;

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
export async function findParameterNames(input: ContainerInput): Promise<ParameterNames | undefined> {
  const { given, information, programs } = nameListFiles(input.fileName);
  const givenBytes = await readBeside(input, given);
  if (givenBytes !== undefined) return { parameters: parseNameList(givenBytes, given), fileName: given, kind: "given" };
  const informationBytes = await readBeside(input, information);
  if (informationBytes !== undefined)
    return {
      parameters: await parseInformation(informationBytes, information),
      fileName: information,
      kind: "structured",
    };
  for (const fileName of programs) {
    const bytes = await readBeside(input, fileName);
    if (bytes === undefined) continue;
    const declared = fileName.endsWith(".json") ? parsePirProgram(new TextDecoder().decode(bytes)) : parseProgramDescription(bytes);
    // A JSON file of that name may be anything; a .pdmodel is a program.
    if (declared === undefined && fileName.endsWith(".json")) continue;
    if (declared === undefined) throw malformed(fileName, "is no Paddle program");
    return { parameters: distinctSorted(declared), fileName, kind: "internal" };
  }
  return undefined;
}

async function readBeside({ files, signal }: ContainerInput, fileName: string): Promise<Uint8Array | undefined> {
  const source = await files.resolve(fileName);
  if (source === undefined) return undefined;
  try {
    if (source.size > mostListBytes) {
      throw new LongspanError("limit-exceeded", `${fileName} has ${source.size} bytes; at most ${mostListBytes} are read.`, {
        details: { file: fileName },
      });
    }
    // A copy: the source is closed before the bytes are used.
    return (await source.read(0, source.size, { signal })).slice();
  } finally {
    await source.close();
  }
}

function parseNameList(bytes: Uint8Array, fileName: string): DeclaredParameter[] {
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw malformed(fileName, "is no JSON text", error);
  }
  if (!Array.isArray(list)) throw malformed(fileName, "is not a JSON list of names");
  return list.map((name: unknown) => {
    if (typeof name !== "string") throw malformed(fileName, "lists something that is not a name");
    return { name, shape: undefined };
  });
}

/** `{internal name: {"structured_name": name, …}}`, which `paddle.jit.save` of Paddle 2 wrote (jit/api.py, `extra_var_info`). */
async function parseInformation(bytes: Uint8Array, fileName: string): Promise<DeclaredParameter[]> {
  const { value } = await readPickle(bytes).catch((error: unknown) => {
    throw wrapPickleError(error, fileName);
  });
  if (typeof value !== "object" || value?.kind !== "dict") throw malformed(fileName, "is not a pickled dict");
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

/** Python's order of strings, by code point; JavaScript's is by UTF-16 unit. */
function compareCodePoints(one: string, other: string): number {
  const left = codePoints(one);
  const right = codePoints(other);
  const differing = left.findIndex((codePoint, index) => codePoint !== right[index]);
  if (differing === -1) return left.length - right.length;
  return (left[differing] ?? 0) - (right[differing] ?? -1);
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
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
