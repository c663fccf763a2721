import { torch } from "@longspan/adapter-torch";
import { createConverter } from "@longspan/core";
import { checkpointModel, prepareInputs, referenceRuntime } from "@longspan/core/runtime";
import spanNer from "./span-ner.ts";

const converter = createConverter({ adapters: [torch()] });
const checkpoint = await converter.open("model", { head: spanNer });
const { graph, weights, config, head } = checkpointModel(checkpoint);
const session = await referenceRuntime().prepare(graph, weights);
const { start_logits, end_logits } = await session.run(prepareInputs(config, head, { input_ids: [[0, 9, 2]] }));
console.log("start", start_logits?.shape, "end", end_logits?.shape); // [1, 3, 3]: batch, tokens, labels
await session.dispose();
await checkpoint.close();
