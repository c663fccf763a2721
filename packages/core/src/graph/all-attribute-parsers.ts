import type * as listed from "./attribute-parsers.ts";
import {
  dataType,
  dimension,
  finiteNumber,
  flag,
  integer,
  nonNegativeInteger,
  numberList,
  oneOf,
  optional,
  positiveInteger,
  positiveNumber,
  shape,
  symbolName,
} from "./attribute-parsers.ts";

/** What attributes of operations can be: an object, not a namespace, so that bundlers leave it out where no operation is defined. */
export const attributeParsers: typeof listed = {
  dataType,
  dimension,
  finiteNumber,
  flag,
  integer,
  nonNegativeInteger,
  numberList,
  oneOf,
  optional,
  positiveInteger,
  positiveNumber,
  shape,
  symbolName,
};
