/** A parameter of a specification before it is said whose it is. */
export interface ParameterDraft {
  /** The canonical name. */
  readonly name: string;
  /** In elements; linear weights are `[out, in]`. */
  readonly shape: readonly number[];
  /** `linear` weights are `[out, in]`: the ones a layout may transpose. */
  readonly role: "embedding" | "linear" | "bias" | "normalization";
}

/** A table `[rows, hidden]`. */
export function embeddingParameter(name: string, rows: number, hidden: number): ParameterDraft {
  return { name: `${name}.weight`, shape: [rows, hidden], role: "embedding" };
}

/** `[outputs, inputs]` and a bias. */
export function linearParameters(name: string, outputs: number, inputs: number): ParameterDraft[] {
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], role: "linear" },
    { name: `${name}.bias`, shape: [outputs], role: "bias" },
  ];
}

/** Scale and shift, each `[size]`. */
export function normalizationParameters(name: string, size: number): ParameterDraft[] {
  return [
    { name: `${name}.weight`, shape: [size], role: "normalization" },
    { name: `${name}.bias`, shape: [size], role: "normalization" },
  ];
}
