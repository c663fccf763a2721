import { type Target, type TargetRequest, writeSidecarFiles } from "@longspan/core/adapter";
import { paddleLayout } from "../layouts/paddle.ts";
import { pickleArrayDataTypes, pickleArrays } from "./pickle-arrays.ts";

/** `model_state.pdparams`, as `paddle.load` and PaddleNLP read it, with config.json and the tokenizer's files. */
export const paddleTarget: Target = {
  name: "paddle",
  description: "PaddlePaddle: model_state.pdparams for paddle.load, with config.json",
  layout: paddleLayout,
  container: "paddle-pickle",
  fileName: "model_state.pdparams",
  fileExtensions: [".pdparams"],
  supersedes: [/^model_state(?:-\d{5}-of-\d{5})?\.pdparams$/, /^model_state\.pdparams\.index\.json$/],
  dataTypes: pickleArrayDataTypes,
  async write(request: TargetRequest) {
    const sink = await request.sink.file(request.fileName ?? paddleTarget.fileName);
    for (const segment of pickleArrays(request.tensors.map(({ tensor }) => tensor))) {
      await (segment instanceof Uint8Array ? sink.write(segment) : request.copy(segment, sink));
    }
    await sink.close();
    await writeSidecarFiles(request);
  },
};
