/** What is loaded once a file has turned out to be in a format that is read: finding out what its tensors are in a Longformer. */
export { interpretTensors } from "./interpret-tensors.ts";
export { checkedWeights } from "./checked-weights.ts";
