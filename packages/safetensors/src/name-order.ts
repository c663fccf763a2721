/**
 * Orders names by their code points, as Rust and Python order strings. `<` compares UTF-16 units and puts U+10000 and above before U+E000 to U+FFFF.
 */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    // The first differing unit decides; surrogates (the units of higher code points) are moved above all others.
    if (leftUnit !== rightUnit) return sortKey(leftUnit) - sortKey(rightUnit);
  }
  return left.length - right.length;
}

function sortKey(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
