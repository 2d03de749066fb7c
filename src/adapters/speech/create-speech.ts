import { createLocalSpeech } from './local-speech.ts'
import { createOpenaiSpeech } from './openai-speech.ts'
import type { SpeechToText } from './speech-to-text.ts'

export type SpeechConfig =
  | {
      readonly engine: 'none'
      /** The setting without which there is no speech recognition. */
      readonly missing: string
    }
  | { readonly engine: 'local'; readonly pythonPath: string }
  | {
      readonly engine: 'openai'
      readonly url: string
      readonly apiKey: string | null
      readonly model: string
      readonly uploadBytesMax: number
    }

/** The configured engine; null when there is none. *Units:* `timeoutMs` for a whole recording. */
export const createSpeech = (
  config: SpeechConfig,
  programs: {
    readonly ffmpegPath: string
    readonly ffprobePath: string
    readonly timeoutMs: number
  },
): SpeechToText | null => {
  switch (config.engine) {
    case 'none':
      return null
    case 'local':
      return createLocalSpeech({ ...programs, pythonPath: config.pythonPath })
    case 'openai':
      return createOpenaiSpeech({
        ...programs,
        ...config,
        ffmpegTimeoutMs: programs.timeoutMs,
      })
  }
}
