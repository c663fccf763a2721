/** WebGPU's flags (specification, "GPUBufferUsage" and "GPUMapMode"): in Node they are no globals. */
export const bufferUsage = {
  mapRead: 0x0001,
  copySource: 0x0004,
  copyDestination: 0x0008,
  uniform: 0x0040,
  storage: 0x0080,
  queryResolve: 0x0200,
} as const;

export const mapMode = { read: 1 } as const;
