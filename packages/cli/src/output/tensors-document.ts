import type { GraphTensor } from "@longspan/core/graph";
import type { OutputStream } from "../terminal.ts";
import { jsonDocument } from "./json-document.ts";

/**
 * Writes one JSON document: `{ outputs: { name: { shape, dataType, data } }, ...rest }`, data as nested lists, one row at a time: what a
 * model gives for a long document is more than one string can hold.
 */
export function writeTensorsDocument(out: OutputStream, outputs: Readonly<Record<string, GraphTensor>>, rest: object): void {
  out.write('{\n  "outputs": {');
  for (const [index, [name, tensor]] of Object.entries(outputs).entries()) {
    const { shape, dataType } = tensor;
    out.write(`${index === 0 ? "" : ","}\n    ${JSON.stringify(name)}: {"shape":${JSON.stringify(shape)},"dataType":"${dataType}","data":`);
    for (const piece of nestedLists(tensor, 0, 0)) out.write(piece);
    out.write("}");
  }
  // The rest's members, after its opening brace.
  out.write(`\n  },\n${jsonDocument(rest).slice(2)}`);
}

function* nestedLists(tensor: GraphTensor, axis: number, row: number): Generator<string> {
  const size = tensor.shape[axis] ?? 1;
  if (axis >= tensor.shape.length - 1) {
    yield `[${Array.from(tensor.data.subarray(row * size, (row + 1) * size), numberText).join(",")}]`;
    return;
  }
  for (let index = 0; index < size; index++) {
    yield index === 0 ? "[" : ",";
    yield* nestedLists(tensor, axis + 1, row * size + index);
  }
  yield "]";
}

/** Exact: every float32 is a float64. What is not finite is a string, as in every document. */
function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}
