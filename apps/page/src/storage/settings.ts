/** What was chosen in an earlier visit, where it is still one of the choices; else `otherwise`, also where the browser keeps nothing of sites. */
export function setting<Value extends string>(name: string, allowed: readonly Value[], otherwise: Value): Value {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(name);
  } catch {
    // The browser blocks what sites store.
  }
  return allowed.find((value) => value === kept) ?? otherwise;
}

/** Keeps a choice for the next visit, where the browser lets it. */
export function keepSetting(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It holds for this visit.
  }
}
