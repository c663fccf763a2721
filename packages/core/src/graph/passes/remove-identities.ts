import { sameShape } from "../dimension.ts";
import type { Attributes } from "../attributes.ts";
import type { Pass } from "./pass.ts";
import { anyValue, nodeOf } from "./pattern.ts";
import { rewritePass } from "./rewrite.ts";

const always = (): boolean => true;

/** Of these operations, when the shape stays as it is, so do the elements (a transpose must also leave the axes in their order). */
const movements: readonly { readonly operation: string; readonly where: (attributes: Attributes) => boolean }[] = [
  { operation: "reshape", where: always },
  { operation: "slice", where: always },
  { operation: "pad", where: always },
  { operation: "transpose", where: ({ permutation }) => Array.isArray(permutation) && permutation.every((axis, at) => axis === at) },
];

/** Drops reshapes, slices, pads and transposes that change nothing. */
export const removeIdentities: Pass = /*#__PURE__*/ rewritePass("remove-identities", () =>
  movements.map(({ operation, where }) => ({
    pattern: nodeOf(operation, [anyValue("x")], { where }),
    rewrite(_, { root, values }) {
      const x = values.get("x");
      return x !== undefined && sameShape(x.shape, root.outputs[0]?.shape ?? []) ? [x] : undefined;
    },
  })),
);
