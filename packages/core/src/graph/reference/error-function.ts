// Of this length, so that it is no call for bundlers to keep; a pure call behind a division sign becomes a comment when rolldown minifies it.
const twoOverRootPi = 1.1283791670955126;

/**
 * The error function, to about 1e-15. Up to 3 by its series `2/√π · e^(-x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!`, whose terms are all positive
 * so that nothing cancels; beyond by the continued fraction of `1 - erf`; from 6 on it is 1 in float64.
 * Source: Abramowitz & Stegun, Handbook of Mathematical Functions, 7.1.6 and 7.1.14.
 */
export function errorFunction(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size >= 6) return Math.sign(x);
  return Math.sign(x) * (size < 3 ? series(size) : 1 - continuedFraction(size));
}

function series(x: number): number {
  const square = x * x;
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * square) / (2 * n + 1);
    sum += term;
  }
  return twoOverRootPi * Math.exp(-square) * sum;
}

/** `erfc(x) = e^(-x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …))))`, from the 60th step upwards: enough from 3 on. */
function continuedFraction(x: number): number {
  let fraction = x;
  for (let step = 60; step >= 1; step--) fraction = x + step / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
