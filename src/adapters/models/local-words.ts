import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readTranscript, writeTranscript } from '../../contracts/http/tasks/transcript-file.ts'
import { MediaError } from '../../domain/failures.ts'
import type { Transcript } from '../../domain/transcript.ts'
import { extractSpeech } from '../speech/extract-speech.ts'
import type { SpeechToText } from '../speech/speech-to-text.ts'
import type { Translator } from '../translation/translator.ts'
import type { ModelAnswer, ModelCall, ModelProvider } from './model-provider.ts'

/** What this server listens and translates with, for everything that it does. */
export interface WordEngines {
  /** Null: there is none. */
  readonly speech: SpeechToText | null
  readonly translator: Translator | null
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** Of taking the sound out of a recording. */
  readonly timeoutMs: number
}

interface Work {
  readonly folder: string
  readonly signal?: AbortSignal
}

const recording = z.object({ audio: z.string().min(1), language: z.string().optional() })
const translation = z.object({ transcript: z.string().min(1), language: z.string().min(2) })

/** The engines that make pictures and sound, and those for words beside them: `local/speech` and
 * `local/translator`. *Body:* paths on this machine; *answer:* the JSON of a transcript file. *Errors:*
 * NOT_CONFIGURED, and those of the engines. */
export const withWordEngines = (local: ModelProvider, engines: WordEngines): ModelProvider => ({
  ...local,
  submit: async (call, work) => {
    switch (call.model) {
      case 'local/speech':
        return { status: 'completed', answer: await hear(engines, call, work) }
      case 'local/translator':
        return { status: 'completed', answer: await translate(engines, call, work) }
      default:
        return await local.submit(call, work)
    }
  },
})

const hear = async (engines: WordEngines, call: ModelCall, work: Work): Promise<ModelAnswer> => {
  const { speech, ffmpegPath, ffprobePath, timeoutMs } = engines
  if (speech === null) throw new MediaError('NOT_CONFIGURED', 'no speech engine')
  const { audio, language = null } = bodyOf(call, recording)
  const { signal = new AbortController().signal } = work
  const audioPath = join(work.folder, 'speech.flac')
  const tools = { ffmpegPath, ffprobePath, timeoutMs, signal }
  await extractSpeech({ inputPath: audio, outputPath: audioPath, ...tools })
  const transcript = await speech.transcribe({
    audioPath,
    workPath: (name) => join(work.folder, name),
    language,
    signal,
  })
  return answerOf(transcript)
}

const translate = async (
  { translator }: WordEngines,
  call: ModelCall,
  work: Work,
): Promise<ModelAnswer> => {
  if (translator === null) throw new MediaError('NOT_CONFIGURED', 'no translator')
  const { transcript: path, language } = bodyOf(call, translation)
  const transcript = readTranscript(JSON.parse(await readFile(path, 'utf8')))
  const segments = await translator.translate({
    cues: transcript.segments,
    // Nobody said, and the translator finds out.
    sourceLanguage: transcript.language === 'und' ? null : transcript.language,
    targetLanguage: language,
    signal: work.signal ?? new AbortController().signal,
  })
  // Words have other places in another language.
  return answerOf({ ...transcript, language, segments, words: [] })
}

const answerOf = (transcript: Transcript): ModelAnswer => ({
  json: writeTranscript(transcript, { words: true, speakers: true }),
})

const bodyOf = <T>(call: ModelCall, shape: z.ZodType<T>): T => {
  const parsed = shape.safeParse(call.body)
  if (parsed.success) return parsed.data
  throw new MediaError('PROVIDER_REJECTED', `${call.model} is asked for what it does not take`)
}
