export { readPickle, defaultLazyBytes, defaultLazyText } from "./reading/read-pickle.ts";
export type { PickleReading, ReadPickleOptions } from "./reading/read-pickle.ts";
export type { PickleSource } from "./source.ts";
export { defaultLimits } from "./limits.ts";
export type { PickleLimits } from "./limits.ts";
export { PickleError } from "./errors.ts";
export type { PickleErrorCode, PickleErrorPlace } from "./errors.ts";

export type {
  PickleBytes,
  PickleEntry,
  PickleFloat,
  PickleGlobal,
  PickleInput,
  PickleList,
  PickleObject,
  PickleObjectOrigin,
  PicklePayload,
  PicklePersistentId,
  PickleText,
  PickleTuple,
  PickleValue,
} from "./values.ts";
export { PickleDict } from "./pickle-dict.ts";
export { PickleSet } from "./pickle-set.ts";

export { asInteger, asList, asSequence, asSet, asString, asTuple, classOf, isGlobal, isMadeBy } from "./views/narrow.ts";
export { asAttributes, asDict } from "./views/as-dict.ts";
export { asBytes } from "./views/as-bytes.ts";
export { readBytes, readText, streamBytes } from "./payload.ts";
export { touchedNodes } from "./views/touched-nodes.ts";
export type { KnownCall } from "./views/touched-nodes.ts";
export { describe } from "./describe.ts";
export { inertJson } from "./views/inert-json.ts";
export type { InertJsonLimits, JsonValue } from "./views/inert-json.ts";

export { writePickle } from "./writing/write-pickle.ts";
export type { WritePickleOptions } from "./writing/write-pickle.ts";
export type { WrittenProtocol } from "./writing/lowering.ts";
export type { PickleSegment } from "./writing/output.ts";
export { dict, float, global, list, newObject, orderedDict, payload, persistentId, reduce, set, tuple } from "./builders.ts";
export type { ObjectContents } from "./builders.ts";
