import { Help, type Command, type Option } from "commander";
import { examples } from "./examples.ts";

/** The options for every day of all commands, in the order in which their reader looks for them; others stand behind these. */
const everyday: readonly string[] = "maxLength window to output question text document topK force dryRun".split(" ");

/** Options that few need every day, under what they are about; all others come first. Names are those of commander's attributes. */
const groups: readonly (readonly [heading: string, options: readonly string[]])[] = [
  ["Many at once:", ["input", "inputFormat", "output", "outputFormat", "resume", "force", "unordered", "workers", "batchSize"]],
  [
    "How texts are read:",
    [
      "encoding",
      "windowTokens",
      "strideTokens",
      "maxAnswerTokens",
      "withinWords",
      "allowNoAnswer",
      "overlapping",
      "windowScores",
      "prompt",
      "promptName",
    ],
  ],
  ["What is written:", ["dtype", "shardSize"]],
  ["ONNX files:", ["quantize", "globalAttention", "externalData"]],
  ["How requests are taken:", ["batchWait", "queue", "maxBody", "maxLength", "requestTimeout"]],
  ["What computes:", ["runtime", "precision", "threads", "profile"]],
  [
    "How the model is opened:",
    "config head prefix window layout fromLayout tokenizer base adapterConfig adapterName adapter strict verifyChecksums limit timeout".split(
      " ",
    ),
  ],
];

/** What an option's line says; of a list that is empty until something is given, not that it is empty; a text without quotes. */
export function describeOption(option: Option): string {
  return new Help()
    .optionDescription(option)
    .replace(" (default: [])", "")
    .replace(/\(default: "([^"]*)"\)/, "(default: $1)");
}

/** Puts a command's options in the order in which its reader looks for them, and examples below. */
export function groupOptions(command: Command): void {
  const takesMany = command.options.some((option) => option.attributeName() === "input");
  const writesModel = command.options.some((option) => option.attributeName() === "to");
  const headingOf = (option: Option): string | undefined => {
    const name = option.attributeName();
    // Of commands that write a model, the layout is the one to write, and another option says how it is read.
    if (writesModel && name === "layout") return "What is written:";
    // Of commands that write one thing, where it goes is an everyday question.
    if (option.mandatory || (!takesMany && (name === "output" || name === "force"))) return undefined;
    return groups.find(([, names]) => names.includes(name))?.[0];
  };
  for (const option of command.options) {
    const heading = headingOf(option);
    if (heading !== undefined) option.helpGroup(heading);
  }
  const order = ["", ...groups.map(([heading]) => heading)];
  const places = new Map(
    command.options.map((option, index) => {
      // What every command has stands behind what this one is about.
      const isLast = option.attributeName() === "json";
      const place = everyday.indexOf(option.attributeName());
      return [
        option,
        order.indexOf(headingOf(option) ?? "") * 1000 + (place === -1 ? everyday.length + index : place) + (isLast ? 500 : 0),
      ];
    }),
  );
  (command.options as Option[]).sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
  const shown = examples[command.name()];
  if (shown !== undefined) addExamples(command, shown);
}

/** Command lines, below a command's options. */
export function addExamples(command: Command, lines: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`);
}
