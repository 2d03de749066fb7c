import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { tidyTimes, type Transcript } from '../../domain/transcript.ts'
import { probe } from '../ffmpeg/probe.ts'
import { assertSucceeded, runFfmpeg, spawnGuarded } from '../ffmpeg/process.ts'
import { SPEECH_SAMPLE_RATE_HZ } from './extract-speech.ts'
import type { SpeechJob, SpeechToText } from './speech-to-text.ts'

const SCRIPT = fileURLToPath(new URL('../../../python/transcribe.py', import.meta.url))
/** The only model that comes with the engine. */
const LANGUAGE = 'en'

const timed = z.tuple([z.number(), z.number(), z.string()])
const result = z.object({ segments: z.array(timed), words: z.array(timed) })

export interface LocalSpeechOptions {
  /** The Python of the environment that set-up makes. */
  readonly pythonPath: string
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** Wall time; the engine takes about half as long as the recording. */
  readonly timeoutMs: number
}

/**
 * Speech recognition on this machine without any key (PocketSphinx): English, with true times, and with
 * one word in four wrong where the sound is not that of a studio. It shows what the pipelines do; for
 * work there are the servers of the OpenAI dialect.
 */
export const createLocalSpeech = (options: LocalSpeechOptions): SpeechToText => ({
  engine: 'local',
  transcribe: async (job) => {
    const { pythonPath, ffmpegPath, ffprobePath, timeoutMs } = options
    const { audioPath, signal, onProgress } = job
    assertEnglish(job)
    const made = await probe({ ffprobePath, path: audioPath, signal })
    const durationSeconds = made.durationSeconds ?? 0
    const samplesPath = job.workPath('speech.s16')
    const resultPath = job.workPath('words.json')
    await runFfmpeg({
      ffmpegPath,
      args: [
        ...['-protocol_whitelist', 'file', '-f', 'flac', '-i', `file:${audioPath}`],
        ...['-ac', '1', '-ar', String(SPEECH_SAMPLE_RATE_HZ), '-f', 's16le', `file:${samplesPath}`],
      ],
      timeoutMs,
      signal,
    })
    const { ended } = spawnGuarded({
      file: pythonPath,
      // Isolated from the environment and the user's own packages; leaves no compiled files behind.
      args: ['-I', '-B', SCRIPT, samplesPath, resultPath],
      timeoutMs,
      signal,
      onProgress: (seconds) => onProgress?.(Math.min(1, seconds / durationSeconds)),
    })
    assertSucceeded('the local speech engine', await ended)
    const { segments, words } = await readResult(resultPath)
    return {
      language: LANGUAGE,
      durationSeconds,
      segments: tidyTimes(segments.map(textAt), durationSeconds),
      words: tidyTimes(words.map(textAt), durationSeconds),
    } satisfies Transcript
  },
})

const assertEnglish = ({ language }: SpeechJob): void => {
  if (language === null || language.split('-')[0] === LANGUAGE) return
  throw new MediaError('LANGUAGE_UNSUPPORTED', `the local engine knows English, not ${language}`)
}

const readResult = async (path: string): Promise<z.output<typeof result>> => {
  try {
    return result.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', 'the local engine left no result', { cause })
  }
}

const textAt = ([startSeconds, endSeconds, text]: z.output<typeof timed>) => ({
  startSeconds,
  endSeconds,
  text,
})
