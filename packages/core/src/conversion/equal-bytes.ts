/** Whether two runs of bytes are the same: word by word where both are aligned alike. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.byteLength !== other.byteLength) return false;
  let index = 0;
  if (one.byteOffset % 4 === 0 && other.byteOffset % 4 === 0) {
    const words = Math.floor(one.byteLength / 4);
    const left = new Uint32Array(one.buffer, one.byteOffset, words);
    const right = new Uint32Array(other.buffer, other.byteOffset, words);
    for (let word = 0; word < words; word++) if (left[word] !== right[word]) return false;
    index = words * 4;
  }
  for (; index < one.byteLength; index++) if (one[index] !== other[index]) return false;
  return true;
}
