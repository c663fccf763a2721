import { Command, CommanderError, Option } from "commander";
import { readFileSync } from "node:fs";
import { exitCodes, type ExitCode } from "./exit-code.ts";
import { addModelOptions, addReadingOptions } from "./model-options.ts";
import { addOnnxOptions } from "./onnx-options.ts";
import { addPipelineOptions, addTextOptions, wholeNumber } from "./pipeline-options.ts";
import { addProfileOption, addRuntimeOptions } from "./runtime-options.ts";
import type { AskOptions } from "./commands/ask.ts";
import type { ClassifyOptions } from "./commands/classify.ts";
import type { ConvertCommandOptions } from "./commands/convert.ts";
import type { DoctorOptions } from "./commands/doctor.ts";
import type { EmbedOptions } from "./commands/embed.ts";
import type { FillOptions } from "./commands/fill.ts";
import type { InspectOptions } from "./commands/inspect.ts";
import type { RunCommandOptions } from "./commands/run.ts";
import type { VerifyCommandOptions } from "./commands/verify.ts";
import type { Terminal } from "./terminal.ts";

export interface ProgramContext {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly setExitCode: (code: ExitCode) => void;
}

/** The command line: each command's module is loaded when it is used. */
export function createProgram({ terminal, signal, setExitCode }: ProgramContext): Command {
  const program = new Command("longspan")
    .description("Longformer checkpoints of any framework: what they are, into any other, whether two are the same, and what they give")
    .option("-V, --version", "output the version number")
    .on("option:version", () => {
      terminal.out.write(`${ownVersion()}\n`);
      throw new CommanderError(exitCodes.done, "commander.version", "version");
    })
    .exitOverride()
    .showHelpAfterError("(longspan <command> --help lists the options)")
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: (text) => terminal.error.write(text) });

  addReadingOptions(
    program
      .command("inspect")
      .description("say what a checkpoint is: container, layout, head, configuration, tensors")
      .argument("<model>", "a file, a folder or an http(s) URL"),
  ).action(async (model: string, options: InspectOptions) => {
    const { inspect } = await import("./commands/inspect.ts");
    await inspect(model, options, terminal, signal);
  });

  addOnnxOptions(
    addModelOptions(
      program
        .command("convert")
        .description("write a checkpoint in another framework's form")
        .argument("<model>", "a file, a folder or an http(s) URL"),
    ),
  )
    .requiredOption("--to <target>", "hf, torch, torch-legacy, lightning, paddle, paddle-safetensors, onnx, or an adapter's own")
    .option("-o, --output <path>", "the folder or file to write")
    .option("--layout <name>", "the layout to write, instead of the target's: a name, or a layout file (.json)")
    .option("--from-layout <name>", "the layout to read with: a name, or a layout file (.json)")
    .option("--dtype <type>", "float type to write: float32, float16, bfloat16, …")
    .option("--tokenizer <folder>", "take the tokenizer's files from here")
    .option("--shard-size <size>", "split the weights into files of at most this size, such as 500MB")
    .option("--force", "replace an existing output")
    .option("--dry-run", "print what would be done and write nothing")
    .action(async (model: string, options: ConvertCommandOptions) => {
      const { convert } = await import("./commands/convert.ts");
      await convert(model, options, terminal, signal);
    });

  addRuntimeOptions(
    addReadingOptions(
      program
        .command("verify")
        .description("compare two checkpoints of any framework, tensor by tensor")
        .argument("<a>", "a file, a folder or an http(s) URL")
        .argument("<b>", "another"),
    ),
    "with --forward, ",
  )
    .option("--tolerance <difference>", "largest absolute difference that counts as equal (default: 0 of weights, 1e-5 of outputs)")
    .option("--forward", "also run both on the same inputs, and compare what they give")
    .option(
      "--inputs <file>",
      "with --forward: these inputs instead of samples: JSON of nested lists, or safetensors; - reads standard input",
    )
    .option("--layers", "with --forward: compare layer by layer, and name the first that departs")
    .action(async (a: string, b: string, options: VerifyCommandOptions) => {
      const { verify } = await import("./commands/verify.ts");
      setExitCode(await verify(a, b, options, terminal, signal));
    });

  addProfileOption(
    addRuntimeOptions(
      addReadingOptions(
        program
          .command("run")
          .description("run the bare model: tensors in, tensors out under Hugging Face's names")
          .argument("<model>", "a file, a folder or an http(s) URL"),
      ),
    ),
  )
    .requiredOption(
      "--inputs <file>",
      "input_ids and the like, [batch, sequence]: JSON of nested lists, or safetensors; - reads standard input",
    )
    .option("-o, --output <file>", "write the outputs as safetensors")
    .option("--outputs <names>", "which outputs, with commas between: logits, hidden_states (all of them), hidden_states.3, attentions, …")
    .option("--force", "replace an existing output")
    .action(async (model: string, options: RunCommandOptions) => {
      const { runModel } = await import("./commands/run.ts");
      await runModel(model, options, terminal, signal);
    });

  addPipelineOptions(
    program
      .command("ask")
      .description("answer a question with a piece of a document of any length")
      .argument("<model>", "a file, a folder or an http(s) URL"),
  )
    .requiredOption("--question <text>", "what is asked")
    .requiredOption("--document <file>", "where the answer is looked for: a text file (UTF-8); - reads standard input")
    .option("--top-k <count>", "how many answers, the best first (default: 1)", wholeNumber(1))
    .option("--max-answer-tokens <count>", "tokens an answer may have (default: 30)", wholeNumber(1))
    .option("--window-tokens <count>", "tokens the model reads at once (default: all it has positions for)", wholeNumber(1))
    .option("--stride-tokens <count>", "tokens that neighbouring windows share (default: 128)", wholeNumber(0))
    .option("--within-words", "answers may begin and end within words: for languages that are written without spaces")
    .option("--allow-no-answer", "the document may hold no answer")
    .action(async (model: string, options: AskOptions) => {
      const { ask } = await import("./commands/ask.ts");
      await ask(model, options, terminal, signal);
    });

  addTextOptions(
    program.command("fill").description("find words for each <mask> of a text").argument("<model>", "a file, a folder or an http(s) URL"),
  )
    .option("--top-k <count>", "how many words for each mask, the best first (default: 5)", wholeNumber(1))
    .action(async (model: string, options: FillOptions) => {
      const { fill } = await import("./commands/fill.ts");
      await fill(model, options, terminal, signal);
    });

  addTextOptions(
    program
      .command("classify")
      .description("say what a text is, or what its tokens are: as the model's head has it")
      .argument("<model>", "a file, a folder or an http(s) URL"),
  )
    .addOption(
      new Option("--scores <function>", "texts: how scores come of logits (default: as the configuration says)").choices([
        "softmax",
        "sigmoid",
        "none",
      ]),
    )
    .addOption(
      new Option("--aggregation <way>", "tokens: each by itself, or neighbours of one label together (default: none)").choices([
        "none",
        "simple",
      ]),
    )
    .action(async (model: string, options: ClassifyOptions) => {
      const { classify } = await import("./commands/classify.ts");
      await classify(model, options, terminal, signal);
    });

  addTextOptions(
    program
      .command("embed")
      .description("turn a text into a vector, with any Longformer")
      .argument("<model>", "a file, a folder or an http(s) URL"),
  )
    .addOption(
      new Option("--pooling <way>", "the mean of all tokens' vectors, or the first token's (default: mean)").choices(["mean", "cls"]),
    )
    .option("--normalize", "divide each vector by its length")
    .action(async (model: string, options: EmbedOptions) => {
      const { embed } = await import("./commands/embed.ts");
      await embed(model, options, terminal, signal);
    });

  program
    .command("doctor")
    .description("say which runtimes and GPU adapters this machine has, and what to install")
    .option("--json", "print one JSON document on stdout and nothing else")
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import("./commands/doctor.ts");
      await doctor(options, ownVersion(), terminal);
    });

  program.action(() => {
    program.outputHelp({ error: true });
    setExitCode(exitCodes.usage);
  });
  return program;
}

/** Read when it is asked for: a command's start-up should not pay for it. */
function ownVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return version;
}
