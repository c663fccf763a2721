import type { ActivationFunction } from "@longspan/core/graph";

/** One number, or four at a time. */
export type FloatType = "f32" | "vec4<f32>";

/**
 * `log2(erfc(y/√2) / 2)` for y from 0 to 6, by powers of y from the highest down: a weighted minimax fit (Lawson's iteration) whose error in
 * gelu is 9e-9, below float32's own rounding. Beyond 6 it falls on, so that the power of two vanishes as it should.
 */
const tailLogarithm = [
  -1.9020394574909005e-6, 2.8056725568603724e-5, -0.0001314727996941656, -0.0002720749762374908, 0.007245417684316635, -0.05262760445475578,
  -0.4591621458530426, -1.1511110067367554, -1,
];

const sigmoid = (type: FloatType): string => `
fn sigmoid(x: ${type}) -> ${type} {
  let tail = exp(-abs(x));
  return select(tail, ${type}(1.0), x >= ${type}(0.0)) / (1.0 + tail);
}`;

/** `fn activate(x)` of each function. Exponents are never positive, so that nothing overflows; NaN stays NaN. */
const bodies: Readonly<Record<ActivationFunction, (type: FloatType) => string>> = {
  gelu: (type) => `
fn activate(x: ${type}) -> ${type} {
  let size = min(abs(x), ${type}(16.0));
  let logarithm = ${tailLogarithm.slice(1).reduce((inner, coefficient) => `fma(${inner}, size, ${type}(${coefficient}))`, `${type}(${tailLogarithm[0]})`)};
  return select(x, ${type}(0.0), x < ${type}(0.0)) - size * exp2(logarithm);
}`,
  "gelu-tanh": (type) => `${sigmoid(type)}
fn activate(x: ${type}) -> ${type} {
  return x * sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x));
}`,
  relu: (type) => `
fn activate(x: ${type}) -> ${type} {
  return select(x, ${type}(0.0), x < ${type}(0.0));
}`,
  silu: (type) => `${sigmoid(type)}
fn activate(x: ${type}) -> ${type} {
  return x * sigmoid(x);
}`,
  sigmoid: (type) => `${sigmoid(type)}
fn activate(x: ${type}) -> ${type} {
  return sigmoid(x);
}`,
  tanh: (type) => `
fn activate(x: ${type}) -> ${type} {
  let tail = exp(-2.0 * abs(x));
  let size = (1.0 - tail) / (1.0 + tail);
  return select(size, -size, x < ${type}(0.0));
}`,
};

/**
 * WGSL of `fn activate(x: T) -> T`, to about 1e-7.
 *
 * gelu is written as `max(x, 0) - |x| · erfc(|x|/√2) / 2`, in which nothing cancels, with the second factor as a power of two whose exponent
 * is a polynomial; gelu-tanh as `x · sigmoid(2 √(2/π) (x + 0.044715 x³))`, which is the same as with `(1 + tanh(…)) / 2`.
 */
export function activationCode(name: ActivationFunction, type: FloatType): string {
  return bodies[name](type);
}
