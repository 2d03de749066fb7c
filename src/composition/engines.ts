import type { ActivityDependencies } from '../activities/dependencies.ts'
import { createSpeech } from '../adapters/speech/create-speech.ts'
import { createTranslator } from '../adapters/translation/create-translator.ts'
import type { Config } from '../config.ts'

/** What turns speech into words and words into other languages; null: not set up. One of each serves
 * tasks, pipelines and plans. */
export type Engines = Pick<ActivityDependencies, 'speech' | 'translator'>

export const createEngines = ({ settings, speech, translator }: Config): Engines => ({
  speech: createSpeech(speech, {
    ffmpegPath: settings.SPOOL_FFMPEG_PATH,
    ffprobePath: settings.SPOOL_FFPROBE_PATH,
    timeoutMs: settings.SPOOL_TRANSCRIBE_TIMEOUT_SECONDS * 1000,
  }),
  translator: createTranslator(translator),
})
