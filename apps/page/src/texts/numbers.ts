import { language } from "./language.ts";

export function count(value: number): string {
  return new Intl.NumberFormat(language.value).format(value);
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Four digits, and powers of ten where they would not do; with the sign for minus, not a hyphen. */
export function measure(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const scientific = size !== 0 && (size < 1e-3 || size >= 1e6);
  return new Intl.NumberFormat(language.value, {
    maximumSignificantDigits: 4,
    ...(scientific ? { notation: "scientific" as const } : {}),
  })
    .formatToParts(value)
    .map(({ type, value: part }) => {
      if (type === "minusSign") return "−";
      if (type === "exponentSeparator") return " × 10";
      if (type === "exponentMinusSign") return "⁻";
      return type === "exponentInteger" ? part.replaceAll(/\d/g, (digit) => superscripts[Number(digit)] ?? digit) : part;
    })
    .join("");
}

export function percent(share: number): string {
  return new Intl.NumberFormat(language.value, { style: "percent", maximumFractionDigits: share < 0.01 ? 2 : share < 0.1 ? 1 : 0 }).format(
    share,
  );
}

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** In powers of 1000, as disks are sold and file managers count. */
export function bytes(size: number): string {
  const step = size < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(size) / 3));
  const value = size / 1000 ** step;
  return new Intl.NumberFormat(language.value, {
    style: "unit",
    unit: units[step] ?? "byte",
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
  }).format(value);
}

export function seconds(milliseconds: number): string {
  const value = milliseconds / 1000;
  return new Intl.NumberFormat(language.value, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}
