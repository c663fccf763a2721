import { createConverter } from "@longspan/core";
import { directorySink } from "@longspan/core/node";
import { torch } from "@longspan/adapter-torch";
import { generatedCheckpoint } from "../../bench/generated-checkpoint.ts";

/** A Longformer of some 8 MB in safetensors, with config.json. @param layers what makes one model another */
export async function writeSource(folder: string, layers: number): Promise<string> {
  const config = {
    model_type: "longformer",
    vocab_size: 4000,
    hidden_size: 192,
    num_hidden_layers: layers,
    num_attention_heads: 4,
    intermediate_size: 768,
    max_position_embeddings: 514,
    type_vocab_size: 1,
    attention_window: 64,
  };
  const converter = createConverter({ adapters: [torch()] });
  const checkpoint = generatedCheckpoint(config, "question-answering");
  await converter.convert(converter.plan(checkpoint, { target: "hf" }), { sink: await directorySink(folder) });
  return folder;
}
