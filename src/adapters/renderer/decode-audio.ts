import { MediaError } from '../../domain/failures.ts'
import { spawnFfmpeg } from '../ffmpeg/process.ts'
import { safeInput } from '../ffmpeg/safe-input.ts'

/** Enough for the 16 kHz of the topmost bar, and what most songs have, so nothing is resampled. */
const SAMPLE_RATE_HZ = 44_100

/** An hour is 635 MB of samples; what is sold as one video is far shorter. */
const DURATION_SECONDS_MAX = 3_600
const SAMPLES_MAX = DURATION_SECONDS_MAX * SAMPLE_RATE_HZ

export interface Pcm {
  /** Mono, -1 to 1; in shared memory, so that the drawing thread reads it without a copy. */
  readonly samples: Float32Array
  readonly sampleRateHz: number
}

/** What every helper process of a render is started with. */
export interface DecodeOptions {
  readonly ffmpegPath: string
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

export const durationSeconds = (pcm: Pcm): number => pcm.samples.length / pcm.sampleRateHz

const toSharedSamples = (chunks: readonly Buffer[]): Float32Array => {
  const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
  const samples = new Float32Array(
    new SharedArrayBuffer(sizeBytes - (sizeBytes % Float32Array.BYTES_PER_ELEMENT)),
  )
  const bytes = new Uint8Array(samples.buffer)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk.subarray(0, bytes.byteLength - offset), offset)
    offset += chunk.byteLength
  }
  return samples
}

/**
 * Decodes the first audio stream of a local file to mono samples; a file without any sample gives an
 * empty recording. *Errors:* MEDIA_UNREADABLE, MEDIA_NO_AUDIO, MEDIA_TOO_LARGE (over an hour).
 */
export const decodeAudio = async (path: string, options: DecodeOptions): Promise<Pcm> => {
  const decoder = spawnFfmpeg({
    ...options,
    stdout: 'pipe',
    args: [
      ...safeInput({ path }),
      ...['-map', '0:a:0', '-ac', '1', '-ar', String(SAMPLE_RATE_HZ)],
      // One second more than is allowed, so that "too long" can be told from "just fits".
      ...['-t', String(DURATION_SECONDS_MAX + 1), '-f', 'f32le', 'pipe:1'],
    ],
  })
  try {
    const chunks: Buffer[] = []
    for await (const chunk of (decoder.stdout ?? []) as AsyncIterable<Buffer>) chunks.push(chunk)
    await decoder.finished
    const samples = toSharedSamples(chunks)
    if (samples.length > SAMPLES_MAX)
      throw new MediaError('MEDIA_TOO_LARGE', 'over an hour of audio')
    return { samples, sampleRateHz: SAMPLE_RATE_HZ }
  } catch (error) {
    options.signal.throwIfAborted()
    // The process knows more than the pipe that broke with it.
    const cause = await decoder.finished.then(
      () => error,
      (reason: unknown) => reason,
    )
    if (!(cause instanceof MediaError) || cause.code !== 'ENCODER_CRASHED') throw cause
    const code = /matches no streams/i.test(cause.internalDetail)
      ? 'MEDIA_NO_AUDIO'
      : 'MEDIA_UNREADABLE'
    throw new MediaError(code, cause.internalDetail, { cause })
  }
}
