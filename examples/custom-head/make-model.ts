import { torch } from "@longspan/adapter-torch";
import { createConverter } from "@longspan/core";
import { directorySink } from "@longspan/core/node";
import { seededCheckpoint } from "@longspan/core/testing";
import spanNer from "./span-ner.ts";

// In the place of a model that was trained: a small one with this head, whose weights are made up.
const converter = createConverter({ adapters: [torch()] });
const plan = converter.plan(seededCheckpoint({ head: spanNer }), { target: "hf" });
await converter.convert(plan, { sink: await directorySink("model") });
