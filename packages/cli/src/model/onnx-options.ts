import { Option, type Command } from "commander";

/** What `convert --to onnx` takes beside what every target takes. */
export interface OnnxCommandOptions {
  readonly quantize?: "q8";
  readonly externalData?: boolean;
  readonly globalAttention?: "auto" | "input";
}

export function addOnnxOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--quantize <kind>",
        "with --to onnx or transformers.js: keep matrices in 8 bits, a quarter of the size, not quite the same numbers",
      ).choices(["q8"]),
    )
    .addOption(
      new Option(
        "--global-attention <source>",
        "with --to onnx: which tokens are global is given as an input, or found in the ids as the head wants it (default: input)",
      ).choices(["auto", "input"]),
    )
    .option("--external-data", "with --to onnx: the weights in a file of their own, model.onnx.data (default: above 2 GiB)")
    .option("--no-external-data", "with --to onnx: everything in one file, and an error above 2 GiB");
}
