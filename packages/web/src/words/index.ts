/** Every word of the page, typed: a language that lacks one does not compile. */
import { createSignal } from 'solid-js'
import { type Format, formatFor } from '../format/format.ts'
import { en, type Words } from './en.ts'

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof LANGUAGES

interface Spoken {
  readonly language: Language
  readonly words: Words
  readonly format: Format
}

const [current, setCurrent] = createSignal<Spoken>({
  language: 'en',
  words: en,
  format: formatFor(localeFor('en')),
})

/** Words and formats now; reading them in a component makes it follow a change of language. */
export const t = (): Words => current().words
export const f = (): Format => current().format
export const spoken = (): Language => current().language

/** `auto`: the first of the browser's languages that there is. */
export async function useLanguage(choice: Language | 'auto'): Promise<void> {
  const language = choice === 'auto' ? preferred() : choice
  const words = language === 'de' ? (await import('./de.ts')).de : en
  setCurrent({ language, words, format: formatFor(localeFor(language)) })
  document.documentElement.lang = language
}

/** What settings are for, by key, where it is not said in the daemon's own words; loaded by those who show them. */
export async function settingWords(language: Language): Promise<Readonly<Record<string, string>>> {
  return language === 'de' ? (await import('./de-settings.ts')).deSettings : {}
}

function preferred(): Language {
  for (const tag of navigator.languages) {
    const short = tag.slice(0, 2)
    if (short in LANGUAGES) return short as Language
  }
  return 'en'
}

/** Numbers and dates as in the reader's region, where that is of the same language. */
function localeFor(language: Language): string {
  return globalThis.navigator?.languages.find(tag => tag.startsWith(language)) ?? language
}
