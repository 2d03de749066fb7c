import { SUBTITLE_FORMATS, type SubtitleFormat } from './captions/cue.ts'

/** What a localization is asked for. */
export interface LocalizationWish {
  /** Languages to translate into, BCP 47, each once. */
  readonly languages: readonly string[]
  /** What is spoken; null: the engine finds out. */
  readonly sourceLanguage: string | null
  readonly formats: readonly SubtitleFormat[]
}

/** What is asked for most, by number of viewers who read subtitles. */
export const DEFAULT_LANGUAGES = ['es', 'fr', 'de', 'ja'] as const

/** Each is a step, and steps are read by people. */
export const LANGUAGES_MAX = 20

/** The wish as it travels in an order. */
export const localizationWish = (input: Readonly<Record<string, unknown>>): LocalizationWish => {
  const { languages, sourceLanguage, formats } = input as Partial<LocalizationWish>
  return {
    languages: languages ?? DEFAULT_LANGUAGES,
    sourceLanguage: sourceLanguage ?? null,
    formats: formats ?? SUBTITLE_FORMATS,
  }
}

const primary = (language: string): string => language.split('-')[0]?.toLowerCase() ?? ''

/** Whether a translation would say what is said already: `pt` of `pt-BR`, but not `pt-PT` of it. */
export const isSpoken = (language: string, spoken: string): boolean =>
  primary(language) === primary(spoken) &&
  (!language.includes('-') ||
    !spoken.includes('-') ||
    language.toLowerCase() === spoken.toLowerCase())

/** Where the files of a localization lie. Each order has its own folder. */
export const localizationKeys = (folderKey: string) => ({
  audioKey: `${folderKey}/speech.flac`,
  transcriptKey: `${folderKey}/transcript.json`,
  /** What translations are made from. */
  cuesKey: `${folderKey}/cues.json`,
  /** The same, for a provider. */
  spokenKey: `${folderKey}/spoken.vtt`,
  subtitlesKey: (language: string, format: SubtitleFormat) => `${folderKey}/${language}.${format}`,
})

/** As a file is called among the outputs: `es.vtt`. */
export const subtitlesName = (language: string, format: SubtitleFormat): string =>
  `${language}.${format}`

/** The languages of the subtitles among some outputs. */
export const languagesOf = (outputs: Readonly<Record<string, string>>): string[] => {
  const names = Object.keys(outputs).map((name) => /^(.+)\.(?:vtt|srt)$/.exec(name)?.[1])
  return [...new Set(names.filter((name) => name !== undefined))]
}
