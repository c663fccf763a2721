import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { keepSetting, setting } from "../storage/settings.ts";
import { de } from "./de.ts";
import { en, type Texts } from "./en.ts";

export const languages = { en, de } as const;
export type Language = keyof typeof languages;

const key = "longspan-language";

/** The reader's choice, else the browser's language, else English. */
export const language = signal<Language>(firstLanguage());

/** All words, in the language that is chosen. */
export const texts: ReadonlySignal<Texts> = computed(() => languages[language.value]);

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  keepSetting(key, chosen);
}

function firstLanguage(): Language {
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag): tag is Language => Object.hasOwn(languages, tag));
  return setting(key, Object.keys(languages) as Language[], spoken ?? "en");
}
