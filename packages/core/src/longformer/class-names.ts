/**
 * transformers' configuration classes of the models that are Longformers or may be grafted with a Longformer's attention, and the
 * `model_type` that each stands for: a pickled configuration does not repeat its own.
 */
const modelTypes: Readonly<Record<string, string>> = {
  LongformerConfig: "longformer",
  RobertaConfig: "roberta",
  XLMRobertaConfig: "xlm-roberta",
  CamembertConfig: "camembert",
};

/** The `model_type` of a configuration class, by its name with or without modules before it; undefined for other classes. */
export function modelTypeOfConfigClass(className: string): string | undefined {
  const name = className.slice(className.lastIndexOf(".") + 1);
  return Object.hasOwn(modelTypes, name) ? modelTypes[name] : undefined;
}

/**
 * Longformer's name for a class of RoBERTa's kind: `XLMRobertaForMaskedLM`, and `RobertaLongForMaskedLM` of allenai's notebook, are
 * `LongformerForMaskedLM`. Other names stay.
 */
export function longformerClassName(className: string): string {
  return className.replace(/^(?:XLM)?(?:Roberta|Camembert)(?:Long)?(?=Model$|For)/, "Longformer");
}
