import { LongspanError } from "../errors/longspan-error.ts";
import { heads, type Head } from "../longformer/head.ts";
import type { AnyHead } from "../longformer/head-definition.ts";
import { checkName } from "./check-name.ts";
import { checkSettled } from "./check-settled.ts";
import { dataTypes, type DataType } from "../tensor/data-type.ts";

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
  if (typeof head === "object" && head !== null && "graph" in head) {
    if (typeof head.graph === "function" && typeof Object(head).parameters === "function" && "architecture" in head) return;
    throw new LongspanError("argument-invalid", "The head is an object of parts. Give what defineHead({ … }) makes of them.");
  }
  if (head !== undefined) checkName("head", head, heads, headSpellings);
}

/** @throws LongspanError `argument-invalid` with the name that was probably meant, and all there are. */
export function checkDataTypeName(dataType: unknown): asserts dataType is DataType | undefined {
  if (dataType !== undefined) checkName("data type", dataType, Object.keys(dataTypes), dataTypeSpellings);
}
