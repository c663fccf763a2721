/**
 * What there always is: a legal node has its operands, a plan has memory for what it speaks of.
 * @throws TypeError naming `what`, where it is not there all the same: a bug of this package.
 */
export function required<Value>(value: Value | undefined, what: string = "operand or attribute"): Value {
  if (value === undefined) throw new TypeError(`there is no ${what}`);
  return value;
}
