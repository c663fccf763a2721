import type { FormatAdapter } from "@longspan/core";
import { shelfContainer } from "./shelf-container.ts";
import { shelfEnvelope } from "./shelf-envelope.ts";
import { shelfLayout } from "./shelf-layout.ts";
import { shelfTarget } from "./shelf-target.ts";

/** The adapter: a plain object from a factory. Nothing is registered anywhere. As the default export, `longspan --adapter ./shelf.ts` takes it. */
export default function shelf(): FormatAdapter {
  return {
    specificationVersion: 1,
    name: "shelf",
    containers: [shelfContainer()],
    envelopes: [shelfEnvelope()],
    layouts: [shelfLayout],
    targets: [shelfTarget()],
  };
}
