import { createHash } from 'node:crypto'
import { createReadStream, openAsBlob } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { MediaError } from '../../domain/failures.ts'
import { speechPieces, type Stretch } from '../../domain/speech-pieces.ts'
import { joinTranscripts, type Transcript } from '../../domain/transcript.ts'
import { rememberedAnswer } from '../answer-memory.ts'
import { probe } from '../ffmpeg/probe.ts'
import { runFfmpeg } from '../ffmpeg/process.ts'
import { createOpenaiClient, type OpenaiServer } from '../openai-client.ts'
import { openaiFailure } from '../provider-failure.ts'
import { findSilences } from './find-silences.ts'
import { readOpenaiTranscript } from './openai-transcript.ts'
import type { SpeechJob, SpeechToText } from './speech-to-text.ts'

const PROVIDER = 'the speech server'
/** Enough for speech at 16 kHz; constant, so that the size of a piece is known before it is made. */
const UPLOAD_KBPS = 48
/** What multipart and MP3 add. */
const OVERHEAD_BYTES = 16_384
/** A shorter recording says nothing, and servers refuse it. */
const SPEECH_SECONDS_MIN = 0.1

export interface OpenaiSpeechOptions extends OpenaiServer {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** Time for each piece of ffmpeg's work. */
  readonly ffmpegTimeoutMs: number
  readonly uploadBytesMax: number
}

/**
 * Speech recognition by any server of the OpenAI dialect, hosted or one's own (whisper.cpp,
 * faster-whisper). What is too long for one upload is cut where nobody speaks.
 */
export const createOpenaiSpeech = (options: OpenaiSpeechOptions): SpeechToText => {
  const client = createOpenaiClient(options)
  const pieceSecondsMax = ((options.uploadBytesMax - OVERHEAD_BYTES) * 8) / (UPLOAD_KBPS * 1000)

  const send = async (job: SpeechJob, filePath: string, seconds: number): Promise<Transcript> => {
    const { size } = await stat(filePath)
    if (size > options.uploadBytesMax) {
      throw new MediaError('MEDIA_TOO_LARGE', `a piece of ${size} bytes for ${PROVIDER}`)
    }
    const blob = await openAsBlob(filePath, { type: 'audio/mpeg' })
    try {
      const answer: unknown = await client.audio.transcriptions.create(
        {
          file: new File([blob], 'speech.mp3', { type: 'audio/mpeg' }),
          model: options.model,
          response_format: 'verbose_json',
          timestamp_granularities: ['word', 'segment'],
          ...(job.language === null ? {} : { language: primaryLanguage(job.language) }),
        },
        { signal: job.signal },
      )
      const asked = { language: job.language, durationSeconds: seconds }
      return readOpenaiTranscript(answer, asked)
    } catch (error) {
      throw openaiFailure(PROVIDER, error, job.signal)
    }
  }

  const sendOnce = async (job: SpeechJob, filePath: string, seconds: number) => {
    const hash = createHash('sha256')
    await pipeline(createReadStream(filePath), hash, { signal: job.signal })
    const question = ['speech', options.model, job.language, hash.digest('hex')]
    return await rememberedAnswer(job.remember, question, () => send(job, filePath, seconds))
  }

  return {
    engine: 'openai',
    transcribe: async (job) => {
      const { ffmpegPath, ffprobePath, ffmpegTimeoutMs: timeoutMs } = options
      const { audioPath, signal } = job
      const made = await probe({ ffprobePath, path: audioPath, signal })
      const durationSeconds = made.durationSeconds ?? 0
      if (durationSeconds < SPEECH_SECONDS_MIN) {
        return { language: job.language ?? 'und', durationSeconds, segments: [], words: [] }
      }
      const isLong = durationSeconds > pieceSecondsMax
      const silences = isLong
        ? await findSilences({ ffmpegPath, audioPath, timeoutMs, signal })
        : []
      const transcripts: { startSeconds: number; transcript: Transcript }[] = []
      for (const piece of speechPieces(durationSeconds, silences, pieceSecondsMax)) {
        const { startSeconds, endSeconds } = piece
        const filePath = job.workPath(`upload-${transcripts.length}.mp3`)
        const args = pieceArguments(audioPath, piece, filePath)
        await runFfmpeg({ ffmpegPath, args, timeoutMs, signal })
        const transcript = await sendOnce(job, filePath, endSeconds - startSeconds)
        await rm(filePath)
        transcripts.push({ startSeconds, transcript })
        job.onProgress?.(endSeconds / durationSeconds)
      }
      return joinTranscripts(transcripts)
    },
  }
}

const pieceArguments = (audioPath: string, piece: Stretch, filePath: string): string[] => [
  ...['-protocol_whitelist', 'file', '-f', 'flac', '-ss', String(piece.startSeconds)],
  ...['-t', String(piece.endSeconds - piece.startSeconds), '-i', `file:${audioPath}`],
  ...['-c:a', 'libmp3lame', '-b:a', `${UPLOAD_KBPS}k`, '-f', 'mp3', `file:${filePath}`],
]

/** The servers know languages, not countries. */
const primaryLanguage = (language: string): string => language.split('-')[0] ?? language
