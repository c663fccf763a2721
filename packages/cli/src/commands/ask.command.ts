import type { Command } from "commander";
import { addModelArgument } from "../model/model-options.ts";
import { addBatchOptions } from "../model/batch-options.ts";
import { integerOption } from "../model/integer-option.ts";
import { addPipelineOptions, repeatable, shareOption } from "../model/pipeline-options.ts";
import type { AskOptions } from "./ask.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerAsk: RegisterCommand = (program, { terminal, signal, setExitCode }) => {
  const command = program.command("ask").description("answer a question with a piece of a document of any length");
  addBatchOptions(addPipelineOptions(addModelArgument(command)))
    .option("--question <text>", "what is asked (repeatable: each of each document)", repeatable, [])
    .option(
      "--document <file>",
      "where the answer is looked for: a PDF, a .docx, HTML, Markdown or text, a URL, a folder (but for hidden files and links to folders in it), or a pattern in quotes; - reads standard input (repeatable)",
      repeatable,
      [],
    )
    .option("--top-k <count>", "how many answers, the best first (default: 1)", integerOption(1))
    .option("--max-answer-tokens <count>", "tokens an answer may have (default: 30)", integerOption(1))
    .option("--window-tokens <count>", "tokens the model reads at once (default: all it has positions for)", integerOption(1))
    .option("--stride-tokens <count>", "tokens that neighbouring windows share (default: 128)", integerOption(0))
    .option("--within-words", "answers may begin and end within words: for languages that are written without spaces")
    .option("--allow-no-answer", "the document may hold no answer")
    .option("--overlapping", "answers as transformers finds them: the second best may be the best with a word more")
    .option("--min-score <share>", "leave out answers with a lower score, from 0 to 1 (default: 0)", shareOption)
    .action(async (model: string, options: AskOptions, declared: Command) => {
      const { ask } = await import("./ask.ts");
      await ask(model, options, { terminal, signal, setExitCode, declared });
    });
};
