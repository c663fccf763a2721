import { type ByteSource, type FileSet, LongspanError } from "@longspan/core";
import { bytesSource, memoryBudget, readJson, type Sidecar, stringifyJson, type TargetRequest } from "@longspan/core/adapter";
import type { OnnxTargetOptions } from "../file/onnx-target.ts";

type Fields = Readonly<Record<string, unknown>>;

/** transformers.js' class for each kind of tokenizer.json: what they do beside it (token types, for example) follows from it. */
const classes: Readonly<Record<string, string>> = { BPE: "RobertaTokenizer", Unigram: "XLMRobertaTokenizer", WordPiece: "BertTokenizer" };

/** The names of tokens that have a role, and the configuration's key for their ids. */
const roles: readonly (readonly [role: string, idKey: string])[] = [
  ["bos_token", "bos_token_id"],
  ["eos_token", "eos_token_id"],
  ["sep_token", "sep_token_id"],
  ["cls_token", "cls_token_id"],
  ["pad_token", "pad_token_id"],
  ["mask_token", "mask_token_id"],
  ["unk_token", "unk_token_id"],
];

/**
 * The tokenizer's files as transformers.js needs them: tokenizer.json, and a tokenizer_config.json with a class that it knows, the tokens that have a role by name
 * (question answering looks for the separator), and how many tokens the model takes.
 * @throws LongspanError `unsupported` without a tokenizer.json and without `make`; `malformed`; what `make` throws.
 */
export async function tokenizerSidecars(request: TargetRequest, make: OnnxTargetOptions["tokenizerJson"]): Promise<readonly Sidecar[]> {
  const { sidecars, spec, config } = request;
  const find = (name: string): ByteSource | undefined => sidecars.find(({ fileName }) => fileName === name)?.source;
  const made = make === undefined || sidecars.length === 0 ? undefined : await make(filesOf(request));
  const tokenizerSource = made === undefined ? find("tokenizer.json") : textSource("tokenizer.json", made.text);
  if (tokenizerSource === undefined) throw noTokenizer(sidecars);
  const tokenizer = await readFields(tokenizerSource);
  const given = await readOptional(find("tokenizer_config.json"));
  const map = await readOptional(find("special_tokens_map.json"));
  const maximum = spec.config.maxPositions - spec.config.padTokenId - 1;
  const limit = given.model_max_length;
  const kind = fieldsOf(tokenizer.model).type;
  const named = Object.fromEntries(
    roles.flatMap(([role, idKey]) => {
      const token = made?.roles[role] ?? contentOf(given[role]) ?? contentOf(map[role]) ?? tokenOfId(tokenizer, config[idKey]);
      return token === undefined ? [] : [[role, token]];
    }),
  );
  const patched = {
    ...given,
    ...named,
    tokenizer_class: (typeof kind === "string" && Object.hasOwn(classes, kind) ? classes[kind] : undefined) ?? "PreTrainedTokenizerFast",
    model_max_length: typeof limit === "number" && limit > 0 && limit < maximum ? limit : maximum,
  };
  const written = [
    { fileName: "tokenizer.json", source: tokenizerSource },
    { fileName: "tokenizer_config.json", source: textSource("tokenizer_config.json", `${stringifyJson(patched, { indent: 2 })}\n`) },
  ];
  return [...sidecars.filter(({ fileName }) => !written.some((one) => one.fileName === fileName)), ...written];
}

function textSource(name: string, text: string): ByteSource {
  return bytesSource(new TextEncoder().encode(text), name);
}

/** The sidecars, and the configuration, as a folder. The sources stay whose they are. */
function filesOf({ sidecars, config }: TargetRequest): FileSet {
  const all = [...sidecars, { fileName: "config.json", source: textSource("config.json", stringifyJson(config)) }];
  return {
    name: "the tokenizer's folder",
    async resolve(fileName) {
      const source = all.find((one) => one.fileName === fileName)?.source;
      return source === undefined ? undefined : { ...source, read: (...range) => source.read(...range), close: async () => {} };
    },
    list: async () => all.map(({ fileName }) => fileName),
  };
}

function noTokenizer(sidecars: readonly Sidecar[]): LongspanError {
  const found = sidecars.length === 0 ? "no tokenizer" : `only ${sidecars.map(({ fileName }) => fileName).join(", ")}`;
  return new LongspanError(
    "unsupported",
    `transformers.js reads tokenizer.json, and beside the model there is ${found}. Say with --tokenizer where one is (option tokenizer); in programs, option tokenizerJson of onnx() makes one of other files.`,
    { details: { files: sidecars.map(({ fileName }) => fileName) } },
  );
}

async function readOptional(source: ByteSource | undefined): Promise<Fields> {
  return source === undefined ? {} : readFields(source);
}

async function readFields(source: ByteSource): Promise<Fields> {
  return fieldsOf(await readJson(source, { code: "malformed", budget: memoryBudget(source.name, source.size) }));
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** A token's text, which is written by itself or as an object. */
function contentOf(token: unknown): string | undefined {
  if (typeof token === "string") return token;
  const { content } = fieldsOf(token);
  return typeof content === "string" ? content : undefined;
}

function tokenOfId(tokenizer: Fields, id: unknown): string | undefined {
  if (typeof id !== "number") return undefined;
  const added: unknown[] = Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  const found = added.map(fieldsOf).find((token) => token.id === id);
  return contentOf(found?.content);
}
