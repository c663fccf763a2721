import { linear } from "../operations/linear.ts";
import { sameShape } from "../dimension.ts";
import type { Pass } from "./pass.ts";
import { anyValue, nodeOf } from "./pattern.ts";
import { rewritePass } from "./rewrite.ts";

/** A linear layer and a bias added to it, written apart, become one: `add(linear(x, weight), bias)` → `linear(x, weight, bias)`. */
export const fuseLinearBias: Pass = /*#__PURE__*/ rewritePass("fuse-linear-bias", () => {
  const product = nodeOf("linear", [anyValue("x"), anyValue("weight")]);
  const bias = anyValue("bias");
  return [nodeOf("add", [product, bias]), nodeOf("add", [bias, product])].map((pattern) => ({
    pattern,
    rewrite(builder, { values }) {
      const [x, weight, shift] = ["x", "weight", "bias"].map((name) => values.get(name));
      if (x === undefined || weight === undefined || shift === undefined || !sameShape(shift.shape, weight.shape.slice(0, 1)))
        return undefined;
      return builder.node(linear, [x, weight, shift]);
    },
  }));
});
