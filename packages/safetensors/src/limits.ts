/** What a header may ask for. Every limit can be lowered or raised by the caller. */
export interface SafetensorsLimits {
  /**
   * Bytes of memory for what the header says: names, shapes, metadata. Estimated from above, as the growth of a process. Default 1 GiB.
   */
  readonly memory: number;
  /** Bytes of the JSON header. Default 100,000,000: the reference library's `MAX_HEADER_SIZE`. */
  readonly headerBytes: number;
  /**
   * Tensors in one file. Default 4,000,000: more than the shortest entries that fit a header of the default size, so that the header limit
   * decides; lower it where memory is dear.
   */
  readonly tensors: number;
  /** Dimensions of one tensor. Default 1,024: numpy ends at 64, torch at a few hundred; the reference library has no limit. */
  readonly dimensions: number;
}

/** The limits that hold where none are given. */
export const defaultSafetensorsLimits: SafetensorsLimits = {
  memory: 2 ** 30,
  headerBytes: 100_000_000,
  tensors: 4_000_000,
  dimensions: 1024,
};

/**
 * Containers inside each other in a header, the outermost counted: serde_json's recursion limit of 128, as measured (127 pass, 128 do not).
 * Not adjustable: only ignored extra fields can be that deep.
 */
export const maxJsonDepth = 127;
