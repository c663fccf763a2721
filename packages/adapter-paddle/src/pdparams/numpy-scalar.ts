import type { PickleObject } from "@longspan/pickle";
import { calledName } from "./called.ts";
import { parseElement } from "./numpy-element.ts";
import { rawElements } from "./raw-elements.ts";

const scalarBuilders = new Set(["numpy._core.multiarray.scalar", "numpy.core.multiarray.scalar"]);

/** The plain value of a numpy scalar, `scalar(dtype, bytes)`: learning rates and step counts are often such. Undefined where it is none. */
export function parseScalar(node: PickleObject): number | bigint | boolean | undefined {
  if (!scalarBuilders.has(calledName(node) ?? "")) return undefined;
  const element = parseElement(node.args[0]);
  const raw = rawElements(node.args[1]);
  const bytes = raw instanceof Uint8Array ? raw : raw?.kind === "bytes" ? raw.data : undefined;
  if (element?.kind !== "element" || bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = element.byteOrder === "little";
  switch (`${element.dataType}/${bytes.byteLength}`) {
    case "float64/8":
      return view.getFloat64(0, isLittle);
    case "float32/4":
      return view.getFloat32(0, isLittle);
    case "int64/8":
      return view.getBigInt64(0, isLittle);
    case "int32/4":
      return view.getInt32(0, isLittle);
    case "bool/1":
      return view.getUint8(0) !== 0;
    default:
      return undefined;
  }
}
