/** "500MB" (10^6), "2GiB" (2^30), "1000000", in bytes, as huggingface_hub reads sizes; undefined for what is no size of at least a byte. */
export function parseSize(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?$/i.exec(text.trim());
  if (found === null) return undefined;
  const [, amount, unit = "", binary] = found;
  const bytes = Math.floor(Number(amount) * (binary === "" ? 1000 : 1024) ** (unit === "" ? 0 : "_KMGT".indexOf(unit.toUpperCase())));
  return Number.isSafeInteger(bytes) && bytes >= 1 ? bytes : undefined;
}
