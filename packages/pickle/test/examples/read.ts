import { open } from "node:fs/promises";
import { asDict, asTuple, describe, inertJson, readBytes, readPickle } from "@longspan/pickle";

const file = await open("model.pdparams");
const source = {
  size: (await file.stat()).size,
  async read(offset: number, length: number) {
    const bytes = new Uint8Array(length);
    await file.read(bytes, 0, length, offset);
    return bytes;
  },
};

// Only what stands between the weights is read; the weights stay in the file.
const { value, protocol } = await readPickle(source);
const weights = asDict(value);
console.log(protocol, weights?.size); // 4 3

const array = weights?.get("weight") ?? null;
console.log(describe(array));
// numpy._core.multiarray._reconstruct(numpy.ndarray, (0,), <1 bytes>, (1, (40, 30), numpy.dtype('f4', False, True, (3, '<…

// numpy puts an array's contents into its state: (version, shape, dtype, is in Fortran's order, bytes).
if (typeof array === "object" && array?.kind === "object") {
  const [, shape = null, , , elements = null] = asTuple(array.state) ?? [];
  console.log(inertJson(shape), inertJson(elements)); // [ 40, 30 ] { '$bytes': 4800 }
  const bytes = await readBytes(source, elements);
  console.log(new DataView(bytes.buffer).getFloat32(4, true)); // 1
}
await file.close();
