import { MediaError } from '../../domain/failures.ts'
import { audioStreams } from '../../domain/media-probe.ts'
import { probe } from '../ffmpeg/probe.ts'
import { runFfmpeg } from '../ffmpeg/process.ts'
import { safeInput } from '../ffmpeg/safe-input.ts'

/** What every speech engine works with inside; more samples or channels are only more bytes. */
export const SPEECH_SAMPLE_RATE_HZ = 16_000

export interface ExtractSpeechJob {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly timeoutMs: number
  /** Absolute; any medium that is accepted from outside. */
  readonly inputPath: string
  /** Absolute; the FLAC is written here. */
  readonly outputPath: string
  /** null: from the start, to the end. */
  readonly startSeconds?: number | null
  readonly endSeconds?: number | null
  readonly signal?: AbortSignal
  /** 0 to 1. */
  readonly onProgress?: (ratio: number) => void
}

/**
 * Takes the first audio stream out of a medium for a speech engine: FLAC, mono, 16 kHz, 16 bit. Where
 * sound is missing at the start or in the middle there is silence, so that times stay those of the
 * medium. *Errors:* MEDIA_NO_AUDIO, MEDIA_UNREADABLE (final), those of `runFfmpeg`. *Cancellation:*
 * ffmpeg is ended; the file is the caller's to remove.
 */
export const extractSpeech = async (
  job: ExtractSpeechJob,
): Promise<{ readonly durationSeconds: number }> => {
  const { ffmpegPath, ffprobePath, inputPath, outputPath, timeoutMs, onProgress } = job
  const cancel = job.signal ? { signal: job.signal } : {}
  const source = await probe({ ffprobePath, path: inputPath, ...cancel })
  if (audioStreams(source).length === 0) {
    throw new MediaError('MEDIA_NO_AUDIO', 'no audio stream to transcribe')
  }
  const startSeconds = job.startSeconds ?? 0
  const wholeSeconds = (job.endSeconds ?? source.durationSeconds ?? 0) - startSeconds
  const seek = startSeconds > 0 ? ['-ss', String(startSeconds)] : []
  const until = job.endSeconds == null ? [] : ['-t', String(job.endSeconds - startSeconds)]
  await runFfmpeg({
    ffmpegPath,
    args: [
      ...safeInput({ path: inputPath, options: [...seek, ...until] }),
      ...['-map', '0:a:0', '-vn', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1'],
      // Times that jump are filled, so that what is said at a time is found at that time.
      ...['-af', `aresample=${SPEECH_SAMPLE_RATE_HZ}:async=1:first_pts=0`],
      ...['-ac', '1', '-c:a', 'flac', '-sample_fmt', 's16', '-f', 'flac', `file:${outputPath}`],
    ],
    timeoutMs,
    ...cancel,
    ...(onProgress && wholeSeconds > 0
      ? { onProgress: (seconds) => onProgress(Math.min(1, seconds / wholeSeconds)) }
      : {}),
  })
  const made = await probe({ ffprobePath, path: outputPath, ...cancel })
  return { durationSeconds: made.durationSeconds ?? 0 }
}
