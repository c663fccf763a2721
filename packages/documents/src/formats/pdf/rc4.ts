/** RC4 with a key: one call after the other goes on with the same stream of bytes (Rivest 1987; ISO 32000-2, 7.6.2 names it). */
export function rc4(key: Uint8Array): (bytes: Uint8Array) => Uint8Array<ArrayBuffer> {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const swap = (a: number, b: number): void => {
    const kept = state[a] ?? 0;
    state[a] = state[b] ?? 0;
    state[b] = kept;
  };
  for (let index = 0, other = 0; index < 256; index++) {
    other = (other + (state[index] ?? 0) + (key[index % key.length] ?? 0)) & 255;
    swap(index, other);
  }
  let [first, second] = [0, 0];
  return (bytes) => {
    const out = new Uint8Array(bytes.length);
    for (let index = 0; index < bytes.length; index++) {
      first = (first + 1) & 255;
      second = (second + (state[first] ?? 0)) & 255;
      swap(first, second);
      out[index] = (bytes[index] ?? 0) ^ (state[((state[first] ?? 0) + (state[second] ?? 0)) & 255] ?? 0);
    }
    return out;
  };
}
