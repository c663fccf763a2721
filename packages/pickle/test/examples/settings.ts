import { asAttributes, asDict, dict, float, global, inertJson, newObject, readPickle, writePickle } from "@longspan/pickle";

// {"epoch": 3, "hyper_parameters": argparse.Namespace(lr=1.0, path=PosixPath("/data"))}
const path = newObject(global("pathlib", "PosixPath"), ["/", "data"]);
const attributes = dict([
  ["lr", float(1)],
  ["path", path],
]);
const checkpoint = dict([
  ["epoch", 3],
  ["hyper_parameters", newObject(global("argparse", "Namespace"), [], { state: attributes })],
]);
const [bytes] = writePickle(checkpoint, { protocol: 2 });

if (bytes instanceof Uint8Array) {
  const { value } = await readPickle(bytes);
  const settings = asDict(value)?.get("hyper_parameters");
  if (typeof settings === "object" && settings?.kind === "object") {
    console.log(asAttributes(settings)?.get("lr")); // 1
  }
  console.log(JSON.stringify(inertJson(value)));
  // {"epoch":3,"hyper_parameters":{"$class":"argparse.Namespace","lr":1,"path":{"$class":"pathlib.PosixPath","$args":["/","data"]}}}
}
