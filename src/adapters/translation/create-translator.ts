import { createDeepl } from './deepl.ts'
import { createLibretranslate } from './libretranslate.ts'
import { createOpenaiTranslator } from './openai-translator.ts'
import type { Translator } from './translator.ts'

export type TranslatorConfig =
  | {
      readonly engine: 'none'
      /** The setting without which there is no translation. */
      readonly missing: string
    }
  | { readonly engine: 'deepl'; readonly url: string; readonly apiKey: string }
  | { readonly engine: 'libretranslate'; readonly url: string; readonly apiKey: string | null }
  | {
      readonly engine: 'openai'
      readonly url: string
      readonly apiKey: string | null
      readonly model: string
    }

/** One batch of cues takes seconds; what takes longer hangs, and is better asked again. */
const CALL_TIMEOUT_MS = 3 * 60_000

/** The configured translator; null when there is none. */
export const createTranslator = (config: TranslatorConfig): Translator | null => {
  const timeoutMs = CALL_TIMEOUT_MS
  switch (config.engine) {
    case 'none':
      return null
    case 'deepl':
      return createDeepl({ ...config, timeoutMs })
    case 'libretranslate':
      return createLibretranslate({ ...config, timeoutMs })
    case 'openai':
      return createOpenaiTranslator({ ...config, timeoutMs })
  }
}
