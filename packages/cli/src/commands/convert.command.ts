import { addModelArgument, addModelOptions } from "../model/model-options.ts";
import { addOnnxOptions } from "../model/onnx-options.ts";
import type { ConvertCommandOptions } from "./convert.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerConvert: RegisterCommand = (program, { terminal, signal }) => {
  const command = program.command("convert").description("write a checkpoint in another framework's form");
  addOnnxOptions(addModelOptions(addModelArgument(command)))
    .requiredOption(
      "--to <target>",
      "hf, torch, torch-legacy, lightning, paddle, paddle-safetensors, tensorflow, onnx, or an adapter's own",
    )
    .option("-o, --output <path>", "the folder or file to write")
    .option("--layout <name>", "the layout to write, instead of the target's: a name, or a layout file (.json)")
    .option("--from-layout <name>", "the layout to read with: a name, or a layout file (.json)")
    .option("--dtype <type>", "float type to write: float32, float16, bfloat16, …")
    .option("--tokenizer <folder>", "take the tokenizer's files from here")
    .option("--shard-size <size>", "split the weights into files of at most this size, such as 500MB")
    .option("--force", "replace an existing output")
    .option("--dry-run", "print what would be done and write nothing")
    .action(async (model: string, options: ConvertCommandOptions) => {
      const { convert } = await import("./convert.ts");
      await convert(model, options, terminal, signal);
    });
};
