/** How many of an encoder's layers are among these canonical names. */
export function layersIn(shapes: ReadonlyMap<string, readonly number[]>): number {
  return [...shapes.keys()].filter((parameter) => /^encoder\.layer\.\d+\.output\.dense\.bias$/.test(parameter)).length;
}
