import { createConverter, type Head } from "@longspan/core";
import { directoryFileSet, directorySink, pathInput } from "@longspan/core/node";
import { lightning } from "@longspan/adapter-lightning";
import { torch } from "@longspan/adapter-torch";
import { tokenizerJson } from "@longspan/pipelines";
import { onnx, type OnnxOptions } from "@longspan/runtime-ort/onnx";

export interface WrittenModel extends OnnxOptions {
  readonly dataType?: "float16" | undefined;
  /** Which head's, where it is not the checkpoint's own. */
  readonly head?: Head | undefined;
  /** The folder of the tokenizer. Default: beside the model. */
  readonly tokenizer?: string | undefined;
}

/** Writes a checkpoint as a folder for transformers.js. */
export async function writeForTransformersJs(
  model: string,
  folder: string,
  { dataType, head, tokenizer, ...options }: WrittenModel = {},
): Promise<void> {
  const converter = createConverter({ adapters: [torch(), lightning(), onnx({ ...options, tokenizerJson })] });
  const source = await converter.open(await pathInput(model), { head });
  try {
    const plan = converter.plan(source, { target: "transformers.js", dataType });
    await converter.convert(plan, {
      sink: await directorySink(folder),
      tokenizer: tokenizer === undefined ? undefined : directoryFileSet(tokenizer),
    });
  } finally {
    await source.close();
  }
}
