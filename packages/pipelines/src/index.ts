export { questionAnswering } from "./question-answering/question-answering.ts";
export type {
  Answer,
  QuestionAndContext,
  QuestionAnswerer,
  QuestionAnsweringOptions,
  QuestionAnsweringResult,
} from "./question-answering/types.ts";

export type { ModelSource } from "./model/model-source.ts";
export type { PipelineHandle, PipelineOptions, RunOptions } from "./model/pipeline-options.ts";
export type { WindowOptions } from "./running/windows.ts";
export type { OneOrMany } from "./running/one-or-many.ts";

export { huggingFaceTokenizer, type HuggingFaceTokenizerOptions } from "./tokenizer/hugging-face-tokenizer.ts";
export { loadTokenizer } from "./tokenizer/load-tokenizer.ts";
export type { JsonObject } from "./tokenizer/json-object.ts";
export type { SpecialTokens, TextTokenizer, TokenizedText } from "./tokenizer/text-tokenizer.ts";
