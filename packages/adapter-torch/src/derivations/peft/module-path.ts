/** What `rank_pattern` and `alpha_pattern` are about: the path within the model that PEFT wrapped. */
export function modulePath(module: string): string {
  const wrapper = "base_model.model.";
  const at = module.indexOf(wrapper);
  return at === -1 ? module : module.slice(at + wrapper.length);
}
