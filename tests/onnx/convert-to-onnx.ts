import { createConverter, type DataType, type Head, memoryDirectorySink } from "@longspan/core";
import { pathInput } from "@longspan/core/node";
import { lightning } from "@longspan/adapter-lightning";
import { torch } from "@longspan/adapter-torch";
import { onnx, type OnnxOptions } from "@longspan/runtime-ort/onnx";

export interface ConvertToOnnxOptions extends OnnxOptions {
  readonly dataType?: DataType;
  readonly head?: Head;
}

/** The bytes of the `model.onnx` that a checkpoint becomes. */
export async function convertToOnnx(path: string, { dataType, head, ...options }: ConvertToOnnxOptions = {}): Promise<Uint8Array> {
  const converter = createConverter({ adapters: [torch(), lightning(), onnx(options)] });
  await using checkpoint = await converter.open(await pathInput(path), { head });
  const sink = memoryDirectorySink();
  await converter.convert(converter.plan(checkpoint, { target: "onnx", dataType }), { sink });
  const model = sink.files.get("model.onnx");
  if (model === undefined) throw new Error(`${path} was not written`);
  return model;
}
