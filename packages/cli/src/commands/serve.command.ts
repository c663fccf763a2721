import { Option, type Command } from "commander";
import type { ServedTask } from "@longspan/serve";
import { integerOption, maxMilliseconds, maxPort, maxWorkers } from "../model/integer-option.ts";
import { addModelArgument, addReadingOptions } from "../model/model-options.ts";
import { addRuntimeOptions } from "../model/runtime-options.ts";
import { sizeOption } from "../model/size-option.ts";
import type { RegisterCommand } from "./register-command.ts";
import type { ServeCommandOptions } from "./serve.ts";

export const registerServe: RegisterCommand = (program, { terminal, signal, version }) => {
  const command = program
    .command("serve")
    .description("answer over HTTP: Hugging Face's inference requests, OpenAI's embeddings (needs the package @longspan/serve)");
  addRuntimeOptions(addReadingOptions(addModelArgument(command)))
    .addOption(
      new Option("--task <task>", "what the model does (default: what its head is for; feature-extraction without one)").choices([
        ...tasks,
      ]),
    )
    .option("--port <number>", "where requests come in (default: 8080; 0: any that is free)", integerOption(0, maxPort))
    .option("--host <address>", "the address to listen on; 0.0.0.0 is all there are (default: 127.0.0.1, this machine alone)")
    .option("--token <token>", "what requests have to send as Authorization: Bearer (default: LONGSPAN_TOKEN, where that is set)")
    .option("--workers <count>", "processes that run the model, each with its share of the processor", integerOption(1, maxWorkers))
    .option(
      "--batch-size <windows>",
      "windows that run at once (default: as many as have the tokens of the model's longest)",
      integerOption(1),
    )
    .option(
      "--batch-wait <milliseconds>",
      "how long a batch with room waits for more requests (default: 5)",
      integerOption(0, maxMilliseconds),
    )
    .option("--queue <inputs>", "inputs that may wait; beyond, requests get 429 (default: 256)", integerOption(1))
    .option("--max-body <size>", "of a request (default: 10MB)", sizeOption(maxBodyBytes))
    .option("--max-length <characters>", "of a text (default: 1000000)", integerOption(1))
    .option(
      "--request-timeout <seconds>",
      "of an input, waiting included (default: 60)",
      integerOption(1, Math.floor(maxMilliseconds / 1000)),
    )
    .action(async (model: string, options: ServeCommandOptions, declared: Command) => {
      const { serve } = await import("./serve.ts");
      await serve(model, options, { terminal, signal, declared, version });
    });
};

/** Written out, since the server is loaded only when it runs; held to its own by its type and by a test. */
export const tasks: readonly ServedTask[] = [
  "question-answering",
  "fill-mask",
  "text-classification",
  "token-classification",
  "feature-extraction",
];

/** A request is read as one text, and the server refuses what is longer than one may be. */
const maxBodyBytes = 2 ** 29 - 24;
