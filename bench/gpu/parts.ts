import { models } from "../forward-models.ts";

/** A program of the archive with its words, and how it is run. */
export interface Part {
  /** What `--only` takes: the name, or the part of it before the first dash. */
  readonly name: string;
  readonly title: string;
  /** A file under `program/`. */
  readonly program: string;
  readonly words: readonly string[];
  /**
   * `check`: nothing is timed, so it may run beside others; `prepared`: makes ready beside others and is timed alone, in its turn (`--in-turn`);
   * `alone`: nothing else runs meanwhile.
   */
  readonly kind: "check" | "prepared" | "alone";
  /** Whether it takes `--output FILE`. Default: true. */
  readonly writes?: boolean;
  /** Whether it looks for better ways and is run only where `--only` names it. Default: false. */
  readonly explores?: boolean;
}

const precisions = ["float32", "float16"] as const;

/** Programs that `pack.ts` was given: `--beside` (whole models of another tree) and `--more`. */
export interface GivenPrograms {
  readonly beside: readonly string[];
  readonly more: readonly string[];
}

export function partsOf(quick: boolean, given: GivenPrograms): readonly Part[] {
  const more = given.more.map((name): Part => ({ name, title: name, program: `${name}.mjs`, words: [], kind: "alone", writes: false }));
  return quick ? quickParts(given.beside) : [...wholeParts(given.beside), ...more];
}

function wholeParts(beside: readonly string[]): readonly Part[] {
  const shares = 3;
  const sizes = { base: "1x512,1x1024,1x4096,8x512,4x4096", large: "1x4096" } as const;
  return [
    { name: "device", title: "The device", program: "device.mjs", words: [], kind: "check" },
    ...precisions.flatMap((precision) =>
      Array.from({ length: shares }, (_, share): Part => ({
        name: `kit-${precision}-${share + 1}`,
        title: `The conformance kit in ${precision}, share ${share + 1} of ${shares}`,
        program: "kit.mjs",
        words: ["--precision", precision, "--share", `${share}/${shares}`],
        kind: "check",
      })),
    ),
    { name: "matrix-probe", title: "Primitives of matrix units", program: "matrix-probe.mjs", words: [], kind: "check" },
    { name: "parity", title: "Parity with transformers on recorded cases", program: "parity.mjs", words: [], kind: "check" },
    { name: "answers", title: "A trained model's answers in both precisions", program: "answers.mjs", words: [], kind: "check" },
    ...(["base", "large"] as const).flatMap((model) =>
      precisions.map((precision): Part => ({
        name: `forward-${model}-${precision}`,
        title: `${model} in ${precision}`,
        program: "forward.mjs",
        words: [
          "--model",
          model,
          "--precision",
          precision,
          "--sizes",
          sizes[model],
          "--milliseconds",
          "500",
          "--profile",
          "1x512,1x4096",
          "--in-turn",
        ],
        kind: "prepared",
      })),
    ),
    ...beside.flatMap((name) =>
      precisions.map((precision): Part => ({
        name: `${name}-base-${precision}`,
        title: `base in ${precision}, as of ${name}`,
        program: `${name}.mjs`,
        words: [
          "--model",
          "base",
          "--precision",
          precision,
          "--sizes",
          "1x512,1x4096",
          "--milliseconds",
          "400",
          "--profile",
          "1x512,1x4096",
          "--in-turn",
        ],
        kind: "prepared",
      })),
    ),
    ...precisions.map((precision): Part => ({
      name: `tuned-base-${precision}`,
      title: `base in ${precision} with the tilings that prepare measured`,
      program: "forward.mjs",
      words: [
        "--precision",
        precision,
        "--sizes",
        "1x512,1x4096",
        "--milliseconds",
        "300",
        "--profile",
        "1x512,1x4096",
        "--tuning",
        "measured",
        "--tuning-seconds",
        "5",
      ],
      kind: "alone",
    })),
    { name: "readback", title: "Waiting and reading back, piece by piece", program: "readback.mjs", words: [], kind: "alone" },
    {
      name: "phases",
      title: "What the host does in a run",
      program: "run-phases.mjs",
      words: ["--sizes", "1x512,1x4096,4x4096"],
      kind: "alone",
    },
    {
      name: "phases-reuse",
      title: "The same where outputs are written over those of the run before",
      program: "run-phases.mjs",
      words: ["--sizes", "1x4096,4x4096", "--reuse"],
      kind: "alone",
    },
    {
      name: "linear",
      title: "Tilings of linear layers, beside onnxruntime-web",
      program: "linear.mjs",
      words: ["--runs", "3", "--shapes", "4096,768,768;4096,768,3072;4096,3072,768;512,768,768;512,3072,768"],
      kind: "alone",
    },
    {
      name: "linear-variants",
      title: "Ways of cutting up linear layers",
      program: "linear-variants.mjs",
      words: ["--rounds", "2", "--milliseconds", "10", "--warm", "300"],
      kind: "alone",
      explores: true,
    },
    ...(
      [
        ["windows", "Ways of cutting up windows", "window-variants.mjs", ["--rounds", "3"]],
        ["products", "Ways of cutting up global attention", "attention-variants.mjs", ["--seconds", "13"]],
      ] as const
    ).map(([name, title, program, words]): Part => ({
      name: `attention-${name}`,
      title,
      program,
      words,
      kind: "alone",
      writes: false,
      explores: true,
    })),
    {
      name: "attention",
      title: "Attention, beside onnxruntime-web",
      program: "attention.mjs",
      words: ["--runs", "3", "--parts", "onnx,forms", "--sequence", "4096"],
      kind: "alone",
    },
    {
      name: "transformers",
      title: "transformers on CUDA",
      program: "transformers_on_cuda.py",
      words: ["--base", JSON.stringify(models.base), "--large", JSON.stringify(models.large), "--milliseconds", "400", "--in-turn"],
      kind: "prepared",
    },
  ];
}

/** A little of every part, which a processor that plays a GPU gets through in seconds. */
function quickParts(beside: readonly string[]): readonly Part[] {
  const forward = (name: string, program: string): readonly Part[] =>
    precisions.map((precision): Part => ({
      name: `${name}-tiny-${precision}`,
      title: `a tiny model in ${precision}${name === "forward" ? "" : `, as of ${name}`}`,
      program,
      words: [
        "--model",
        "tiny",
        "--precision",
        precision,
        "--sizes",
        "1x200,2x64",
        "--milliseconds",
        "50",
        "--profile",
        "1x200",
        "--in-turn",
      ],
      kind: "prepared",
    }));
  return [
    { name: "device", title: "The device", program: "device.mjs", words: ["--quick"], kind: "check" },
    {
      name: "kit",
      title: "Some of the conformance kit",
      program: "kit.mjs",
      words: ["--precision", "float16", "--tests", "linear: |padded rows"],
      kind: "check",
    },
    { name: "matrix-probe", title: "Primitives of matrix units", program: "matrix-probe.mjs", words: [], kind: "check" },
    {
      name: "parity",
      title: "Parity with transformers on some recorded cases",
      program: "parity.mjs",
      words: ["--cases", "^model-length|^question-answering"],
      kind: "check",
    },
    ...forward("forward", "forward.mjs"),
    ...beside.flatMap((name) => forward(name, `${name}.mjs`)),
    { name: "readback", title: "Waiting and reading back, piece by piece", program: "readback.mjs", words: ["--quick"], kind: "alone" },
    {
      name: "phases",
      title: "What the host does in a run",
      program: "run-phases.mjs",
      words: ["--model", "tiny", "--sizes", "1x200", "--milliseconds", "50"],
      kind: "alone",
    },
    {
      name: "linear",
      title: "Tilings of linear layers, beside onnxruntime-web",
      program: "linear.mjs",
      words: ["--quick", "--runs", "1", "--shapes", "64,64,64"],
      kind: "alone",
    },
    {
      name: "attention",
      title: "Attention, beside onnxruntime-web",
      program: "attention.mjs",
      words: ["--quick", "--runs", "1", "--parts", "onnx", "--sequence", "64", "--window", "32"],
      kind: "alone",
    },
    {
      name: "transformers",
      title: "transformers on CUDA",
      program: "transformers_on_cuda.py",
      words: ["--base", JSON.stringify(models.tiny), "--large", JSON.stringify(models.tiny), "--milliseconds", "50", "--in-turn"],
      kind: "prepared",
    },
  ];
}
