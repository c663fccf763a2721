import { checkSettled } from "../arguments/check-settled.ts";
import { LongspanError } from "../errors/longspan-error.ts";

/** Refuses what is no configuration as it is parsed, config.json's text and object among them. @throws LongspanError `argument-invalid`. */
export function checkParsedConfig(config: unknown): void {
  checkSettled(config, "The configuration", "await before what makes it");
  if (typeof config === "object" && config !== null && "hiddenSize" in config) return;
  throw new LongspanError(
    "argument-invalid",
    "The configuration is not a parsed one. Take that of checkpointModel(checkpoint), or what parseLongformerConfig gives of config.json.",
  );
}
