import type { FormatAdapter } from "@longspan/core";
import { defineAdapter, stateDictEnvelope } from "@longspan/core/adapter";
import { flaxContainer } from "./flax-container.ts";
import { flaxLayout } from "./flax-layout.ts";
import { flaxTarget } from "./flax-target.ts";

/** The adapter: a plain object from a factory. Nothing is registered anywhere. As the default export, `longspan --adapter ./flax.ts` takes it. */
export default function flax(): FormatAdapter {
  const envelope = stateDictEnvelope({
    name: "flax",
    separator: "/",
    detect: ({ attributes }) => (attributes.get("format") === "flax" ? { specificity: 80, evidence: "flax.serialization" } : undefined),
  });
  return defineAdapter({
    name: "flax",
    containers: [flaxContainer()],
    envelopes: [envelope],
    layouts: [flaxLayout],
    targets: [flaxTarget()],
  });
}
