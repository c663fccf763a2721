/** What stands below the overview: a way through the commands. */
export const overviewExamples: readonly string[] = [
  "longspan inspect model.ckpt",
  "longspan convert model.ckpt --to hf -o model/",
  'longspan ask model.ckpt --question "Who signed?" --document contract.pdf',
  "longspan help ask",
];

/** What stands below a command's options in its help: as a reader would type it, the everyday first. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  inspect: ["longspan inspect model.ckpt", "longspan inspect allenai/longformer-base-4096"],
  convert: ["longspan convert model.ckpt --to hf -o model/", "longspan convert model/ --to paddle -o paddle/ --dry-run"],
  extend: ["longspan extend xlm-roberta-base/ --max-length 4096 --window 512 -o xlm-longformer/"],
  verify: ["longspan verify model.ckpt paddle/", "longspan verify model.ckpt paddle/ --forward --layers"],
  run: [
    `echo '{"input_ids": [[0, 31, 2, 2, 57, 2]]}' | longspan run model.ckpt --inputs -`,
    "longspan run model/ --inputs inputs.safetensors -o outputs.safetensors",
  ],
  ask: [
    'longspan ask model.ckpt --question "Who signed?" --document contract.pdf',
    'longspan ask model.ckpt --question "Who signed?" --document "contracts/*.pdf" --top-k 3 --min-score 0.1',
    "longspan ask model.ckpt --input jobs.jsonl --output answers.jsonl --resume",
  ],
  fill: ['longspan fill model/ --text "The keeper <mask> the lamp." --top-k 3'],
  classify: ["longspan classify model/ --document letter.docx", 'longspan classify model/ --text "Good." --text "Bad."'],
  embed: [
    'longspan embed model/ --text "one" --text "two" --normalize',
    "longspan embed model/ --document report.pdf --chunks --window-tokens 256 --json",
  ],
  page: ["longspan page"],
  serve: ["longspan serve model/ --port 8080"],
  doctor: ["longspan doctor"],
  completion: ["source <(longspan completion bash)", "longspan completion fish > ~/.config/fish/completions/longspan.fish"],
};
