import { type Checkpoint, describeModelDifferences, elementCount, headName, LongspanError } from "@longspan/core";
import { inertJson } from "../output/inert-json.ts";
import { writeJsonDocument } from "../output/json-document.ts";
import { asTyped, noteWarnings } from "../output/notes.ts";
import type { ModelOptions } from "../model/model-options.ts";
import { createCommandConverter, openModel } from "../model/open-model.ts";
import { styled, writeColumns, writeLine, type Terminal } from "../terminal.ts";

export interface InspectOptions extends ModelOptions {
  readonly layout?: string;
}

/** `longspan inspect`: what a file is, without reading a value of it. */
export async function inspect(model: string, options: InspectOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const converter = await createCommandConverter(options);
  const { checkpoint } = await openModel(converter, model, options, options.layout, { terminal, signal, remote: true });
  try {
    const problem = whyNoWeights(checkpoint);
    const warnings = problem === undefined ? checkpoint.warnings : [...checkpoint.warnings, problem.message];
    if (options.json === true)
      writeJsonDocument(terminal.out, { ...inspectDocument(checkpoint, problem), warnings: asTyped(warnings, terminal) });
    else describe(checkpoint, warnings, terminal);
  } finally {
    await checkpoint.close();
  }
}

/** Why the model cannot be had, when it cannot: what it is not, or which parameters the file lacks or has in other shapes. */
function whyNoWeights(checkpoint: Checkpoint): LongspanError | undefined {
  try {
    checkpoint.weights();
    return undefined;
  } catch (error) {
    if (LongspanError.isInstance(error)) return error;
    throw error;
  }
}

function inspectDocument(checkpoint: Checkpoint, problem: LongspanError | undefined): Record<string, unknown> {
  return {
    path: checkpoint.name,
    container: checkpoint.container,
    envelope: checkpoint.envelope,
    layout: checkpoint.layout,
    prefix: checkpoint.prefix,
    models: checkpoint.models,
    orientation: checkpoint.orientation,
    head: checkpoint.head === null ? null : headName(checkpoint.head),
    config: checkpoint.config?.source ?? null,
    configOrigin: checkpoint.configOrigin,
    parameterCount: parameterCount(checkpoint),
    tensors: checkpoint.tensors.map(({ sourceName, canonicalName, tensor, role, transposed }) => ({
      name: sourceName,
      canonicalName,
      dataType: tensor.dataType,
      shape: tensor.shape,
      byteLength: tensor.byteLength,
      role,
      transposed,
    })),
    unreadable: checkpoint.unreadable.map(({ sourceName, canonicalName, reason }) => ({ name: sourceName, canonicalName, reason })),
    dropped: checkpoint.dropped,
    metadata: Object.fromEntries([...checkpoint.metadata].map(([key, value]) => [key, inertJson(value)])),
    problem: problem === undefined ? null : { code: problem.code, message: problem.message },
  };
}

/** Elements of all parameters; of all tensors when the file is no Longformer. */
function parameterCount(checkpoint: Checkpoint): number {
  const counted = checkpoint.spec === null ? checkpoint.tensors : checkpoint.tensors.filter(({ role }) => role === "parameter");
  return counted.reduce((sum, { tensor }) => sum + elementCount(tensor.shape), 0);
}

/** What must be known before all else: the file holds several models, of which one (or none yet) is looked at. */
function describeModels({ models }: Checkpoint, { out }: Pick<Terminal, "out">): void {
  if (models.length < 2) return;
  const anyRead = models.some(({ read }) => read);
  writeLine(out, styled("bold", `${models.length} models lie in this file${anyRead ? "" : "; --prefix says which is meant"}`));
  const rows = models.map((model, index) => [
    model.read ? "  read" : "",
    `--prefix "${model.prefix}"`,
    `${model.tensors} tensors`,
    index === 0 ? "" : describeModelDifferences(model),
  ]);
  writeColumns(out, rows);
  writeLine(out);
}

function describe(checkpoint: Checkpoint, warnings: readonly string[], terminal: Terminal): void {
  const { out } = terminal;
  const { config } = checkpoint;
  describeModels(checkpoint, { out });
  const types = [...new Set(checkpoint.tensors.map(({ tensor }) => tensor.dataType))];
  const bytes = checkpoint.tensors.reduce((sum, { tensor }) => sum + tensor.byteLength, 0);
  const facts: [string, string][] = [
    ["file", checkpoint.name],
    ["container", checkpoint.container],
    ["envelope", checkpoint.envelope],
    [
      "layout",
      checkpoint.layout === null
        ? "none: not a Longformer"
        : checkpoint.layout + (checkpoint.orientation === "transposed" ? " (linear weights transposed)" : ""),
    ],
    ["prefix", checkpoint.prefix === "" ? "none" : checkpoint.prefix],
    ["head", checkpoint.head === null ? "unknown" : headName(checkpoint.head)],
    ["parameters", parameterCount(checkpoint).toLocaleString("en-US")],
    ["tensors", `${checkpoint.tensors.length} (${types.join(", ")}), ${bytes.toLocaleString("en-US")} bytes`],
  ];
  if (config !== null) {
    facts.push(
      [
        "model",
        `${config.layers} layers, hidden ${config.hiddenSize}, ${config.heads} heads, window ${[...new Set(config.attentionWindow)].join("/")}, ${config.maxPositions} positions, vocabulary ${config.vocabSize}`,
      ],
      ["config", checkpoint.configOrigin ?? ""],
    );
  }
  writeColumns(
    out,
    facts.map(([name, value]) => [styled("bold", name), value]),
  );
  writeLine(out);
  const rows = checkpoint.tensors.map(({ sourceName, canonicalName, tensor, role, transposed }) => [
    sourceName,
    tensor.dataType,
    `[${tensor.shape.join(", ")}]`,
    transposed ? "T" : "",
    role === "parameter" ? (canonicalName ?? "") : role === "unexpected" && checkpoint.orientation === null ? "" : role,
  ]);
  writeColumns(out, [["tensor", "type", "shape", "", "canonical name"], ...rows]);
  for (const { sourceName, canonicalName, reason } of checkpoint.unreadable) {
    const parameter = canonicalName === null || canonicalName === sourceName ? "" : ` (the parameter ${canonicalName})`;
    writeLine(out, styled("red", "cannot be read"), `: ${sourceName}${parameter}: ${reason}`);
  }
  for (const { name, reason } of checkpoint.dropped) writeLine(out, styled("dim", `left out: ${name} (${reason})`));
  noteWarnings(warnings, terminal);
}
