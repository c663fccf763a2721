// What tests get who import fast-check: see same-numbers.ts.
import fc from "fast-check";

const seed = Number(process.env["FAST_CHECK_SEED"] ?? 1);
if (!Number.isInteger(seed)) throw new Error(`FAST_CHECK_SEED is an integer, not ${process.env["FAST_CHECK_SEED"]}`);
fc.configureGlobal({ seed });

export * from "fast-check";
export default fc;
