import { type GraphTensor, maskCodes } from "@longspan/core/graph";

/**
 * What kernels need to know of the tokens of a mask, computed on the host: for each item of the batch, how many global tokens it has, its
 * length up to the last token that is not masked, and the positions of its global tokens in ascending order, as int32
 * `[batch, 2 + slots]`. The offsets within an item:
 */
export const attentionTokens = { globals: 0, length: 1, positions: 2 } as const;

/**
 * Statements at the beginning of a kernel whose workgroups take one head of so many global tokens each, on the grid `[…, heads · ⌈slots / tokens⌉,
 * items]`: `item`, `list` (where the item's list begins), `globals`, `head`, and `token`, the first of them. Workgroups behind the last token end.
 */
export function tokensOfGroup(tokens: number): string {
  return `let item = group.z;
  let list = (sizes.firstItem + item) * sizes.tokensStride;
  let globals = u32(tokens[list + ${attentionTokens.globals}u]);
  let head = group.y % max(sizes.heads, 1u);
  let token = group.y / max(sizes.heads, 1u) * ${tokens}u;
  if (token >= globals) { return; }`;
}

/** The size of an item with so many slots for global tokens. */
export function tokensStride(slots: number): number {
  return attentionTokens.positions + slots;
}

/** How many global tokens the fullest item of the batch has, by the mask `[batch, sequence]`. */
export function maxGlobals(mask: GraphTensor): number {
  const [batch = 0, sequence = 0] = mask.shape;
  let max = 0;
  for (let item = 0; item < batch; item++) {
    let globals = 0;
    for (let token = 0; token < sequence; token++) if (mask.data[item * sequence + token] === maskCodes.global) globals++;
    max = Math.max(max, globals);
  }
  return max;
}

/**
 * How many slots for global tokens a plan has: at least as many as the fullest item of the batch needs. A power of two (or the whole
 * sequence), so that plans serve other numbers too; their kernels go by the numbers in `listTokens`.
 */
export function globalSlots(mask: GraphTensor): number {
  const max = maxGlobals(mask);
  return max === 0 ? 0 : Math.min(mask.shape[1] ?? 0, 2 ** Math.ceil(Math.log2(max)));
}

/** The list for a mask `[batch, sequence]`. */
export function listTokens(mask: GraphTensor, slots: number): Int32Array {
  const [batch = 0, sequence = 0] = mask.shape;
  const stride = tokensStride(slots);
  const list = new Int32Array(batch * stride);
  for (let item = 0; item < batch; item++) {
    let [globals, length] = [0, 0];
    for (let token = 0; token < sequence; token++) {
      const code = mask.data[item * sequence + token];
      if (code === maskCodes.global) list[item * stride + attentionTokens.positions + globals++] = token;
      if (code !== maskCodes.masked) length = token + 1;
    }
    list[item * stride + attentionTokens.globals] = globals;
    list[item * stride + attentionTokens.length] = length;
  }
  return list;
}
