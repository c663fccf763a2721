export { questionAnswering } from "./question-answering/question-answering.ts";
export {
  lowConfidenceScore,
  type Answer,
  type QuestionAndContext,
  type QuestionAnswerer,
  type QuestionAnsweringOptions,
  type QuestionAnsweringResult,
} from "./question-answering/types.ts";

export {
  answerAttention,
  type AnswerAttention,
  type AnswerAttentionOptions,
  type AnswerAttentionReader,
  type AnswerInContext,
  type ReadToken,
} from "./answer-attention/answer-attention.ts";

export { fillMask, type FilledMask, type FillMaskOptions, type MaskFiller, type MaskFilling } from "./fill-mask/fill-mask.ts";
export {
  classifyText,
  type ClassifyTextOptions,
  type LabelScore,
  type ScoreFunction,
  type TextClassification,
  type TextClassifier,
  type WindowScoring,
} from "./classify-text/classify-text.ts";
export { classifyTokens, type ClassifyTokensOptions, type TokenClassifier } from "./classify-tokens/classify-tokens.ts";
export type { Entity } from "./classify-tokens/group-entities.ts";
export { embedText, type EmbedTextOptions, type TextEmbedder } from "./embed-text/embed-text.ts";
export { embedChunks, type ChunkEmbedder, type EmbedChunksOptions, type TextChunk } from "./embed-text/embed-chunks.ts";
export { poolingModes, type PoolingMode } from "./embed-text/pooling-mode.ts";

export { runBatch } from "./batch/run-batch.ts";
export type { BatchItem, BatchOptions, BatchOutcome, BatchProgress, CallOptions } from "./batch/batch-types.ts";

export { pipelineDefaults } from "./pipeline-defaults.ts";
export type { ModelSource } from "./model/model-source.ts";
export type { PipelineHandle, PipelineOptions, RunOptions } from "./model/pipeline-options.ts";
export type { WindowOptions } from "./running/windows.ts";
export type { OneOrMany } from "./running/one-or-many.ts";
export type { Batchable, JobPipeline } from "./running/job-pipeline.ts";

export { huggingFaceTokenizer, type HuggingFaceTokenizerOptions } from "./tokenizer/hugging-face-tokenizer.ts";
export { loadTokenizer, type LoadTokenizerOptions } from "./tokenizer/load-tokenizer.ts";
export { tokenizerJson, type RoleTokens } from "./tokenizer/tokenizer-json.ts";
export type { JsonObject } from "./tokenizer/json-object.ts";
export type { SpecialTokens, TextTokenizer, TokenizedText } from "./tokenizer/text-tokenizer.ts";
