import type { OpenaiServer } from '../adapters/openai-client.ts'
import type { SpeechConfig } from '../adapters/speech/create-speech.ts'
import type { TranslatorConfig } from '../adapters/translation/create-translator.ts'
import { deeplUrl } from '../adapters/translation/deepl.ts'
import { OPENAI_URL, type Settings } from './settings.ts'

/** What turns speech into text, or the setting without which nothing does. */
export const speechOf = (settings: Settings): SpeechConfig => {
  const { SPOOL_SPEECH_URL: url, SPOOL_SPEECH_API_KEY: apiKey = null } = settings
  switch (settings.SPOOL_SPEECH) {
    case 'none':
      return { engine: 'none', missing: 'SPOOL_SPEECH' }
    case 'local': {
      const pythonPath = settings.SPOOL_PYTHON_PATH
      return pythonPath === undefined
        ? { engine: 'none', missing: 'SPOOL_PYTHON_PATH' }
        : { engine: 'local', pythonPath }
    }
    case 'openai': {
      if (apiKey === null && url === OPENAI_URL) {
        return { engine: 'none', missing: 'SPOOL_SPEECH_API_KEY' }
      }
      const uploadBytesMax = settings.SPOOL_SPEECH_UPLOAD_MEGABYTES * 1e6
      return { engine: 'openai', url, apiKey, model: settings.SPOOL_SPEECH_MODEL, uploadBytesMax }
    }
  }
}

/** What translates, or the setting without which nothing does. */
export const translatorOf = (settings: Settings): TranslatorConfig => {
  const { SPOOL_TRANSLATOR_URL: url, SPOOL_TRANSLATOR_API_KEY: apiKey = null } = settings
  const none = (missing: string) => ({ engine: 'none', missing }) as const
  switch (settings.SPOOL_TRANSLATOR) {
    case 'none':
      return none('SPOOL_TRANSLATOR')
    case 'deepl':
      if (apiKey === null) return none('SPOOL_TRANSLATOR_API_KEY')
      return { engine: 'deepl', url: url ?? deeplUrl(apiKey), apiKey }
    case 'libretranslate':
      if (url === undefined) return none('SPOOL_TRANSLATOR_URL')
      return { engine: 'libretranslate', url, apiKey }
    case 'openai': {
      if (apiKey === null && url === undefined) return none('SPOOL_TRANSLATOR_API_KEY')
      const model = settings.SPOOL_TRANSLATOR_MODEL
      return { engine: 'openai', url: url ?? OPENAI_URL, apiKey, model }
    }
  }
}

/** A transcript of an hour, read and answered. */
const SCORING_TIMEOUT_MS = 5 * 60_000

/** The model that chooses moments for clips; null: there is none. */
export const scorerOf = (settings: Settings): OpenaiServer | null => {
  const { OPENAI_API_KEY: apiKey = null, OPENAI_BASE_URL: url } = settings
  if (apiKey === null && url === OPENAI_URL) return null
  return { url, apiKey, model: settings.SPOOL_CLIP_MODEL, timeoutMs: SCORING_TIMEOUT_MS }
}
