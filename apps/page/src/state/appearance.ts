import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { keepSetting, setting } from "../storage/settings.ts";

export const themes = ["system", "light", "dark", "contrast"] as const;
export type Theme = (typeof themes)[number];

const key = "longspan-theme";

export const theme = signal(setting<Theme>(key, themes, "system"));

/** Before anything is drawn, so that nothing flashes. */
export function applyTheme(): void {
  document.documentElement.dataset["theme"] = theme.peek();
}

export function chooseTheme(chosen: Theme): void {
  keepSetting(key, chosen);
  document.documentElement.dataset["theme"] = chosen;
  theme.value = chosen;
}

/** Whether a media query fits, now and when that changes. */
function media(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query);
  const fits = signal(list.matches);
  list.addEventListener("change", () => (fits.value = list.matches));
  return fits;
}

/** The width below which there is one column: that of the style sheets. */
export const oneColumn: ReadonlySignal<boolean> = media("(max-width: 60rem)");

/** The width of phones: the sections stand in a row of their own, and what a table says of a thing in lines below each other. */
export const narrow: ReadonlySignal<boolean> = media("(max-width: 45rem)");

const [dark, contrast, forced] = [
  media("(prefers-color-scheme: dark)"),
  media("(prefers-contrast: more)"),
  media("(forced-colors: active)"),
];

/** Another value whenever the page's colours change: for what is drawn with them, rather than styled. */
export const colors: ReadonlySignal<string> = computed(() => [theme.value, dark.value, contrast.value, forced.value].join(" "));
