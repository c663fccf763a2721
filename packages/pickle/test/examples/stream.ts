import { createWriteStream } from "node:fs";
import { dict, global, payload, reduce, tuple, writePickle } from "@longspan/pickle";

// numpy.frombuffer(bytes, "<f4"), a million zeros: the bytes are not needed to write the pickle around them.
const elements = payload(4_000_000, "zeros");
const array = reduce(global("numpy", "frombuffer"), [elements, "<f4"]);
const segments = writePickle(dict([["weights", tuple(array, "zeros")]]), { protocol: 4 });

const output = createWriteStream("zeros.pkl");
for (const segment of segments) {
  output.write(segment instanceof Uint8Array ? segment : new Uint8Array(segment.byteLength));
}
await new Promise((done) => output.end(done));
console.log(segments.length); // 3
