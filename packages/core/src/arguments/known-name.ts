import { LongspanError } from "../errors/longspan-error.ts";
import { heads, type Head } from "../longformer/head.ts";
import type { AnyHead } from "../longformer/head-definition.ts";
import { checkSettled } from "./check-settled.ts";
import { dataTypes, type DataType } from "../tensor/data-type.ts";
import { nearestName } from "../text/nearest-name.ts";
import { shownValue } from "../text/shown-value.ts";

/** What other programs call the heads, and people for short. */
const headSpellings: Readonly<Record<string, Head>> = {
  qa: "question-answering",
  squad: "question-answering",
  mlm: "masked-lm",
  "fill-mask": "masked-lm",
  "masked-language-modeling": "masked-lm",
  ner: "token-classification",
  "text-classification": "sequence-classification",
  mc: "multiple-choice",
  base: "model",
  none: "model",
  "feature-extraction": "model",
};

const dataTypeSpellings: Readonly<Record<string, DataType>> = {
  fp64: "float64",
  f64: "float64",
  double: "float64",
  fp32: "float32",
  f32: "float32",
  float: "float32",
  fp16: "float16",
  f16: "float16",
  half: "float16",
  bf16: "bfloat16",
  brain: "bfloat16",
  int: "int32",
  long: "int64",
};

/** @throws LongspanError `argument-invalid` with the name that was probably meant, and all there are. */
export function checkHead(head: unknown): asserts head is AnyHead | undefined {
  checkSettled(head, "The head", "await before what makes it");
  if (typeof head === "function")
    throw new LongspanError("argument-invalid", "The head is a function. Give what it makes: call it, or defineHead({ … }).");
  if (typeof head === "object" && head !== null && "graph" in head && "parameters" in head && "architecture" in head) return;
  if (head !== undefined) checkName("head", head, heads, headSpellings);
}

/** @throws LongspanError `argument-invalid` with the name that was probably meant, and all there are. */
export function checkDataTypeName(dataType: unknown): asserts dataType is DataType | undefined {
  if (dataType !== undefined) checkName("data type", dataType, Object.keys(dataTypes), dataTypeSpellings);
}

function checkName(what: string, given: unknown, names: readonly string[], spellings: Readonly<Record<string, string>>): void {
  if (typeof given === "string" && names.includes(given)) return;
  const spelled =
    typeof given === "string"
      ? given
          .toLowerCase()
          .replaceAll("_", "-")
          .replace(/^torch\./, "")
      : undefined;
  const meant =
    spelled === undefined
      ? undefined
      : Object.hasOwn(spellings, spelled)
        ? spellings[spelled]
        : (names.find((name) => name === spelled) ?? nearestName(spelled, names));
  const advice = meant === undefined ? "" : ` Write ${JSON.stringify(meant)}.`;
  throw new LongspanError("argument-invalid", `There is no ${what} ${shownValue(given)}.${advice} There are: ${names.join(", ")}.`, {
    details: { [what === "head" ? "head" : "dataType"]: given, names },
  });
}
