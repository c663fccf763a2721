/** How byte-level tokenizers write a space. */
const space = "\u0120";

/**
 * Leaves the spaces that tokens begin and end with out of their places, as Hugging Face does where a tokenizer says `trim_offsets`
 * (tokenizers/pre_tokenizers/byte_level.rs, process_offsets), with its exception for the space that `add_prefix_space` adds. In place.
 */
export function trimOffsets(tokens: readonly string[], starts: Int32Array, ends: Int32Array, addsPrefixSpace: boolean): void {
  for (const [index, token] of tokens.entries()) {
    const start = starts[index] ?? 0;
    const end = ends[index] ?? 0;
    const leading = /^[\u0120\s]*/.exec(token)?.[0].length ?? 0;
    if (leading === 0 && !token.endsWith(space)) continue;
    const trailing = token.length - token.replace(/[\u0120\s]+$/, "").length;
    const added = leading > 0 && addsPrefixSpace && (index === 0 || start === 0) ? 1 : 0;
    const trimmed = Math.min(start + leading - added, end);
    starts[index] = trimmed;
    if (trailing > 0 && end >= trailing) ends[index] = Math.max(end - trailing, trimmed);
  }
}
