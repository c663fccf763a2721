/**
 * One-to-one: a canonical name and how it is spelled elsewhere. Both sides are dotted patterns of whole segments, anchored at both
 * ends: a literal, `{i}` (an integer without leading zeros), or `{p:query|key|value}` (one of these; the other side's
 * `{p:q_proj|k_proj|v_proj}` pairs with it by position). Every capture stands exactly once on each side.
 */
export interface Rule {
  /** The canonical pattern (the Longformer spec's names, trunk without prefix). */
  readonly from: string;
  /** The layout's pattern (trunk without `trunkPrefix`). */
  readonly to: string;
  /** `transpose`: a matrix is stored with its two axes swapped. */
  readonly transform?: "transpose";
}

/** Tensors that files of a layout may hold and we leave out. */
export interface DropRule {
  /** The layout's pattern; captures need not be named twice. */
  readonly name: string;
  /** For people: why it is left out. */
  readonly reason: string;
}

/** A second name for a parameter's values in files of this layout (tied weights): written where ties can be written, checked when read. */
export interface AddRule {
  /** The second name, as the layout's pattern. */
  readonly name: string;
  /** The canonical parameter with the same values. */
  readonly copyOf: string;
  /** `transpose`: the copy is stored with the two axes swapped. */
  readonly transform?: "transpose";
  /** For people: why the name is there twice. */
  readonly reason: string;
}

/** A naming and transposition convention. Declarative, so that it can be proved and inverted; see `compileLayout`. */
export interface Layout {
  /** Kebab case, unique among the adapters in use: `hf`, `paddle`. */
  readonly name: string;
  /** One line for people. Default: none. */
  readonly description?: string;
  /** What stands before the trunk's names when a head stands beside it: `longformer.`. Written so; any prefix is read. */
  readonly trunkPrefix?: string;
  /** Writes `trunkPrefix` before a trunk without a head, too: where the trunk always is a module's attribute. Default: false. */
  readonly prefixesBareTrunk?: boolean;
  /** The one spelling that is written. */
  readonly rules: readonly Rule[];
  /** Other spellings that are only read. */
  readonly accepts?: readonly Rule[];
  /** Names that are left out when they are read. Default: none. */
  readonly drops?: readonly DropRule[];
  /** Second names of tied parameters, written where the target can express ties. Default: none. */
  readonly adds?: readonly AddRule[];
}
