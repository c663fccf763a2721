import { InvalidArgumentError } from "commander";
import { addReadingOptions, modelArgument } from "../model/model-options.ts";
import { addRuntimeOptions } from "../model/runtime-options.ts";
import type { RegisterCommand } from "./register-command.ts";
import type { VerifyCommandOptions } from "./verify.ts";

export const registerVerify: RegisterCommand = (program, { terminal, signal, setExitCode }) => {
  const command = program
    .command("verify")
    .description("compare two checkpoints of any framework, tensor by tensor")
    .argument("<a>", modelArgument)
    .argument("<b>", "another");
  addRuntimeOptions(addReadingOptions(command), "with --forward, ")
    .option(
      "--tolerance <difference>",
      "largest absolute difference that counts as equal (default: 0 of weights, 1e-5 of outputs)",
      difference,
    )
    .option("--forward", "also run both on the same inputs, and compare what they give")
    .option(
      "--inputs <file>",
      "with --forward: these inputs instead of samples: JSON of nested lists, or safetensors; - reads standard input",
    )
    .option("--layers", "with --forward: compare layer by layer, and name the first that departs")
    .action(async (a: string, b: string, options: VerifyCommandOptions) => {
      const { verify } = await import("./verify.ts");
      setExitCode(await verify(a, b, options, terminal, signal));
    });
};

/** @throws InvalidArgumentError which commander reports with the option's name. */
function difference(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0) return value;
  throw new InvalidArgumentError("It is a number, 0 or more.");
}
