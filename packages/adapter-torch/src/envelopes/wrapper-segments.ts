/**
 * What torch's wrappers put into the names of what they wrap: DataParallel and DistributedDataParallel, torch.compile, FSDP,
 * activation checkpointing, Lightning Fabric.
 */
const wrapperSegments: ReadonlySet<string> = new Set([
  "module",
  "_orig_mod",
  "_fsdp_wrapped_module",
  "_checkpoint_wrapped_module",
  "_forward_module",
]);

/** The name without wrappers' segments; the last segment is the parameter's own and stays. */
export function withoutWrapperSegments(name: string): string {
  const segments = name.split(".");
  const last = segments.length - 1;
  return segments.filter((segment, index) => index === last || !wrapperSegments.has(segment)).join(".");
}
