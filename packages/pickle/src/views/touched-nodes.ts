import type { PickleBytes, PickleObject, PicklePersistentId, PickleValue } from "../values.ts";

/**
 * What is known of a call. `value`: it makes its result and does nothing else. `container`: so does it, and what is appended to or stored
 * into the result is what the result holds, as of `collections.OrderedDict`. Undefined: it may do anything.
 */
export type KnownCall = "value" | "container" | undefined;

/**
 * The nodes whose Python value may be another than their making says: those that items were appended to or stored into without being
 * containers (`tensor[0] = 42`), and those handed to a call that is not known (`operator.setitem(tensor, 0, 42)`), with all that these
 * hold or were made of. A reader that takes a node's value from its making must refuse these. Calls that only make an instance (NEWOBJ)
 * count as known.
 *
 * Bytes are among them, since arrays may share a bytearray.
 *
 * @param objects of a `PickleReading`
 */
export function touchedNodes(
  objects: readonly PickleObject[],
  knownCall: (object: PickleObject) => KnownCall,
): ReadonlySet<PickleObject | PicklePersistentId | PickleBytes> {
  const touched: Set<PickleObject | PicklePersistentId | PickleBytes> = new Set();
  const seen: Set<PickleValue> = new Set();
  const pending: PickleValue[] = [];
  const add = (values: readonly PickleValue[] | undefined): void => {
    for (const value of values ?? []) if (typeof value === "object" && value !== null) pending.push(value);
  };
  for (const object of objects) {
    const known = knownCall(object);
    const isFilled = object.items !== undefined || object.entries !== undefined;
    if (isFilled && known !== "container") {
      // Not what was stored: that stays as it is.
      touched.add(object);
      add(object.args);
    }
    const isInstance = object.made === "newobj" || object.made === "newobj-ex";
    if (known === undefined && !isInstance) add(object.args);
  }
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    switch (value.kind) {
      case "list":
      case "tuple":
      case "set":
        add(value.items);
        break;
      case "dict":
        for (const [, item] of value.entries) pending.push(item);
        break;
      case "bytes":
      case "persistent-id":
        touched.add(value);
        break;
      case "object":
        touched.add(value);
        add(value.args);
        add(value.items);
        for (const [, item] of value.entries?.entries ?? []) pending.push(item);
        break;
      default:
        break;
    }
  }
  return touched;
}
