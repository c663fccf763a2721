import type { ErrorCode } from "@longspan/core";

/** Why an error comes, and the way out. */
export interface ErrorExplanation {
  readonly cause: string;
  readonly wayOut: string;
}

/** One for each code; the compiler asks for those of new ones. */
export const errorExplanations: Readonly<Record<ErrorCode, ErrorExplanation>> = {
  "not-found": {
    cause: "A file, a folder or a model of a hub is not there, or a folder holds nothing that looks like weights.",
    wayOut: "The message lists what was looked for and what is there. Name the file, or give the folder that holds it.",
  },
  "duplicate-id": {
    cause: "Two of many inputs have the same id, so that nobody could tell their answers apart.",
    wayOut: "The message names the id. Give each input one of its own, or none: then it is the number of its line.",
  },
  "worker-lost": {
    cause: "A process of `--workers` ended while it had this input, again and again: killed by the system, mostly for want of memory.",
    wayOut: "Take fewer workers or a smaller `--batch-size`, and go on with `--resume`.",
  },
  unexpected: {
    cause:
      "With `--strict`: something would have been said in a note, such as a tensor that is no parameter, or a configuration that was not found.",
    wayOut: "The message lists it. Say what is missing with the options it names, or leave `--strict` out.",
  },
  "not-a-checkpoint": {
    cause: "The file can be read, but it is of another kind, or no state dict is in it.",
    wayOut: "The message says what the file is. Give the file of the weights; an optimizer's or a trainer's file has none.",
  },
  "ambiguous-format": {
    cause: "What was given holds several checkpoints, and nothing says which is meant.",
    wayOut: "Name the file, the commit or the run; the message lists them.",
  },
  truncated: {
    cause: "The file ends before what it says of itself: a download or a copy broke off.",
    wayOut: "Copy or download it again, and compare its size with the source's.",
  },
  malformed: {
    cause: "The bytes are not what their format allows at the place that the message names.",
    wayOut: "Write or download the file again. Where the framework that wrote it still reads it, tell us.",
  },
  unsupported: {
    cause: "The file is legal, but holds something that is not converted: a quantised kind, a dilation, a tensor type.",
    wayOut: "The message says which tensor and what to do first, mostly in the framework that wrote it.",
  },
  "limit-exceeded": {
    cause: "Reading on would take more memory, names or nesting than was allowed. Files that were made to do so are stopped here.",
    wayOut: "If you trust the file, raise the limit: `limits` in the library, `--limit` on the command line.",
  },
  "tensor-invalid": {
    cause: "A tensor's shape, strides and storage contradict each other.",
    wayOut: "The file is damaged or was written by hand. Save it again with its framework.",
  },
  "data-type-mismatch": {
    cause: "The element type of a tensor is not one that the target holds, or that can be compared.",
    wayOut: "Choose another with `dataType` (`--dtype`), or another target.",
  },
  "value-overflow": {
    cause: "Values, of a file or between the layers of a model, are beyond the largest of the element type that was chosen.",
    wayOut: "Choose float32 or bfloat16.",
  },
  "not-a-longformer": {
    cause: "The names are those of another model, such as BERT or RoBERTa without global attention.",
    wayOut: "A RoBERTa can become a Longformer to be trained on: `longspan extend`, or `open(input, { extend })`.",
  },
  "config-invalid": {
    cause: "The configuration says something that no Longformer can be.",
    wayOut: "The message names the key, what it holds and what is expected. Give the configuration of this model.",
  },
  "config-missing": {
    cause: "No configuration lies beside the weights, and they are not of a published size.",
    wayOut: "Put config.json beside the file, or give one with `config` (`--config`).",
  },
  "config-mismatch": {
    cause: "The configuration describes other shapes than the weights have.",
    wayOut: "Give the configuration that these weights were trained with.",
  },
  "head-unknown": {
    cause: "The layers above the trunk are of no known head, or of several.",
    wayOut: "Say which with `head` (`--head`); a head of your own is given with `defineHead`.",
  },
  "layout-unknown": {
    cause: "No layout is called so.",
    wayOut: "The message lists those that are known. Give the adapter that brings it, or a layout file.",
  },
  "layout-invalid": {
    cause: "A layout's rules do not name every parameter once, or cannot be inverted.",
    wayOut: "The message names the rule and the reason. Test layouts with `testLayout` of `@longspan/core/testing`.",
  },
  "orientation-mixed": {
    cause: "Some matrices of the file lie transposed and others do not.",
    wayOut: "The file was put together from two; convert it again from its source.",
  },
  "orientation-undecided": {
    cause: "Every matrix of the file is square, so that nothing shows which way they lie.",
    wayOut: "If you know, say so with `layout` (`--from-layout`).",
  },
  "weights-mismatch": {
    cause: "Parameters are missing, unexpected or misshapen, or tied copies differ.",
    wayOut: "The message lists them with the nearest legal names. Check head and configuration first.",
  },
  "weights-not-finite": {
    cause: "A weight holds infinite values or NaN.",
    wayOut: "The training diverged or the file is damaged. Take an earlier checkpoint.",
  },
  "inputs-invalid": {
    cause: "A text or an array that a model was given is empty, or has another shape or type than the model takes.",
    wayOut: "The message names the input and what it should be.",
  },
  "id-out-of-range": {
    cause: "A token's id is beyond the rows of the embedding table.",
    wayOut: "Tokenizer and model are of two models: give the tokenizer of this one.",
  },
  "sequence-too-long": {
    cause: "A row has more tokens than the model has positions, or a question leaves no room for the document.",
    wayOut: "Shorten it, or give it to a pipeline, which cuts documents into overlapping windows.",
  },
  "separators-mismatch": {
    cause: "A question-answering model finds its question by separators, and the row has another number of them.",
    wayOut: "Build rows with the pipeline or as the message shows, or give `global_attention_mask` yourself.",
  },
  "source-changed": {
    cause: "A file was written, replaced or cut while it was read.",
    wayOut: "Wait until the training has saved it, or copy it, and start again. Nothing was written.",
  },
  "target-exists": {
    cause: "Something stands where the output would go.",
    wayOut: "Choose another place, or allow it: `overwrite`, `--force`.",
  },
  "target-is-source": { cause: "The output would overwrite what is read.", wayOut: "Write to another place." },
  "target-unknown": {
    cause: "No adapter writes a target of this name.",
    wayOut: "The message lists those that are known. Give the adapter that brings it.",
  },
  "adapter-invalid": {
    cause: "An adapter, runtime or head is none, follows another version of the contract, or two contradict each other.",
    wayOut: "Call factories (`torch()`, not `torch`), and update the one that the message names.",
  },
  "graph-invalid": {
    cause: "A tensor graph breaks a rule of its operations, or what was read is no graph.",
    wayOut: "The message names the node and the rule. See [the graph](./graph.md).",
  },
  "operation-unsupported": {
    cause: "A runtime or a target does not know an operation, or not in this form.",
    wayOut: "Use another runtime, lower the graph, or give the operation (`onnxOperations`).",
  },
  "argument-invalid": {
    cause: "An option or argument is not what the function or command takes.",
    wayOut: "The message says what to write instead.",
  },
  closed: { cause: "A checkpoint, session or pipeline was used after it was closed.", wayOut: "Open it again, or close it later." },
  "io-failed": { cause: "The disk or a stream refused to read or write.", wayOut: "The message carries the system's words." },
  "disk-full": { cause: "No room is left on the disk. Nothing half-written stays.", wayOut: "Free space, or write elsewhere." },
  "permission-denied": {
    cause: "The system or a server does not let this user read or write there.",
    wayOut: "Change the permissions, or pass credentials (`headers`, `token`).",
  },
  "network-failed": {
    cause: "A server did not answer, answered with an error, or too late.",
    wayOut: "Try again; raise `timeout` (`--timeout`) for slow ones.",
  },
  "module-missing": {
    cause: "A package that is only loaded when it is used is not installed.",
    wayOut: "The message has the command that installs it.",
  },
  "device-missing": {
    cause: "There is no GPU, or its driver is not found.",
    wayOut: "`longspan doctor` says what is here. Use the runtime ort or reference without one.",
  },
  "feature-missing": {
    cause: "The device or the build of onnxruntime lacks something that was asked for.",
    wayOut: "Leave the option out, or use another device.",
  },
  "device-limit": {
    cause: "A tensor is larger than the GPU's buffers may be.",
    wayOut: 'Use shorter rows, fewer at once, or `precision: "float16"`.',
  },
  "out-of-memory": {
    cause: "Memory of the machine or the GPU does not suffice.",
    wayOut: "Use shorter or fewer rows at once, and dispose sessions that are not used.",
  },
  "device-lost": { cause: "The GPU was taken away: the driver restarted, or the machine slept.", wayOut: "Prepare the session again." },
  aborted: { cause: "Your `AbortSignal` or Ctrl-C stopped it. Nothing half-written stays.", wayOut: "Start again when you like." },
};
