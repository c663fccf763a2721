import type { AttentionWindows } from "@longspan/core";
import { addModelArgument, addOpeningOptions, windows } from "../model/model-options.ts";
import { addOutputOptions, type OutputOptions } from "../model/output-options.ts";
import { integerOption } from "../model/integer-option.ts";

import type { RegisterCommand } from "./register-command.ts";

interface ExtendCommandOptions extends OutputOptions {
  readonly maxLength: number;
  readonly window: AttentionWindows;
}

export const registerExtend: RegisterCommand = (program, { terminal, signal }) => {
  const command = program.command("extend").description("make a new Longformer of a RoBERTa, XLM-R or CamemBERT, to be trained on");
  addOutputOptions(
    addOpeningOptions(addModelArgument(command))
      .requiredOption(
        "--max-length <tokens>",
        "how many tokens the Longformer shall read, such as 4096: a multiple of the window",
        integerOption(1),
      )
      .requiredOption(
        "--window <tokens>",
        "the windows of attention, such as 512: both sides together, one for all layers or one for each, with commas between",
        windows,
      ),
    "hf",
  ).action(async (model: string, options: ExtendCommandOptions) => {
    const { convert } = await import("./convert.ts");
    const { maxLength, window, ...others } = options;
    await convert(model, { ...others, extend: { maxLength, window } }, terminal, signal);
  });
};
