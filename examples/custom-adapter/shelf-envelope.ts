import type { Envelope } from "@longspan/core";
import { isTensor, isTreeMap } from "@longspan/core";

/** Where in an opened file the state dict lies. Here it is the whole file; training files keep more around it. */
export function shelfEnvelope(): Envelope {
  return {
    name: "shelf",
    detect: ({ attributes }) => (attributes.get("format") === "shelf" ? { specificity: 80, evidence: "a shelf file" } : undefined),
    open({ root }) {
      const entries = isTreeMap(root) ? root.entries : [];
      const tensors = entries.flatMap(([name, tensor]) =>
        typeof name === "string" && isTensor(tensor) ? [{ name, sourceName: name, tensor }] : [],
      );
      return { tensors, dropped: [], metadata: new Map(), warnings: [] };
    },
  };
}
