import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { Worker } from 'node:worker_threads'

import { MediaError } from '../../domain/failures.ts'
import { frameCount } from '../../domain/render-spec.ts'
import type { DecodeOptions } from './decode-audio.ts'
import { durationSeconds } from './decode-audio.ts'
import type { FrameRange } from './encoder.ts'
import { startEncoder } from './encoder.ts'
import type { FrameRing } from './frame-ring.ts'
import { createFrameRing, markFree, slotFor, untilFull } from './frame-ring.ts'
import type { FrameThreadData } from './frame-thread.ts'
import { frameBytes } from './scene.ts'
import type { RenderSources } from './sources.ts'
import { loadSources } from './sources.ts'

export interface RenderVideoOptions extends RenderSources {
  /** Absolute; overwritten. On failure a partial file may be left there. */
  readonly outputPath: string
  readonly ffmpegPath: string
  readonly signal: AbortSignal
  /** 0 to 1, never falling; 1 once the file is complete. */
  readonly onProgress?: (ratio: number) => void
  /** Threads of the encoder; by default as many as it likes. */
  readonly threads?: number
  /** Wall time of each helper process. */
  readonly timeoutMs?: number
  /** A part of the video, frame by frame the same as in the whole, with its part of the sound. */
  readonly range?: FrameRange
}

export interface RenderedVideo {
  readonly frameCount: number
  readonly durationSeconds: number
}

const TIMEOUT_MS_DEFAULT = 2 * 3_600_000
/** Progress is told in steps of this size: a long video has thousands of frames. */
const PROGRESS_STEP = 0.005

/** Resolves never, rejects when the thread dies before its work is done. */
const threadFailure = async (thread: Worker, signal: AbortSignal): Promise<never> => {
  const [error] = (await once(thread, 'error', { signal })) as [unknown]
  throw error instanceof MediaError
    ? error
    : new MediaError('INTERNAL', 'the drawing thread failed', { cause: error })
}

const writeFrame = (encoder: Writable, frame: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    encoder.write(frame, (error) => (error ? reject(error) : resolve()))
  })

const feed = async (
  encoder: Writable,
  ring: FrameRing,
  count: number,
  onProgress: (ratio: number) => void,
): Promise<void> => {
  let told = 0
  for (let sequence = 0; sequence < count; sequence += 1) {
    await untilFull(ring, sequence)
    await writeFrame(encoder, slotFor(ring, sequence))
    markFree(ring, sequence)
    // Short of 1 until the encoder has closed the file.
    const ratio = ((sequence + 1) / count) * 0.99
    if (ratio - told >= PROGRESS_STEP) {
      told = ratio
      onProgress(ratio)
    }
  }
  encoder.end()
}

/** Draws in one thread and encodes in one process until the file is closed. */
const drawAndEncode = async (
  options: RenderVideoOptions & DecodeOptions,
  data: Omit<FrameThreadData, 'ring'>,
): Promise<void> => {
  const { spec, signal } = options
  const stop = new AbortController()
  const stopped = AbortSignal.any([signal, stop.signal])
  const ring = createFrameRing(frameBytes(spec))
  const encoder = startEncoder({
    ...options,
    threads: options.threads,
    range: data.range,
    signal: stopped,
  })
  const thread = new Worker(new URL('./frame-thread.ts', import.meta.url), {
    workerData: { ...data, ring } satisfies FrameThreadData,
    name: 'spool-frames',
  })
  const threadFailed = threadFailure(thread, stopped)
  threadFailed.catch(() => undefined)
  try {
    if (encoder.stdin === null) throw new MediaError('INTERNAL', 'the encoder has no input')
    // A broken pipe says less than the encoder's own end, which rejects at the same time.
    encoder.stdin.on('error', () => undefined)
    const fed = feed(encoder.stdin, ring, data.range.frameCount, options.onProgress ?? (() => {}))
    const brokenPipe = fed.catch(() => encoder.finished)
    await Promise.race([Promise.all([brokenPipe, encoder.finished]), threadFailed])
  } catch (error) {
    stop.abort(error)
    await encoder.finished.catch(() => undefined)
    signal.throwIfAborted()
    throw error
  } finally {
    stop.abort()
    await thread.terminate()
  }
}

const checkedRange = (range: FrameRange | undefined, total: number): FrameRange => {
  const checked = range ?? { firstFrame: 0, frameCount: total }
  const { firstFrame, frameCount: count } = checked
  if (firstFrame < 0 || count < 1 || firstFrame + count > total) {
    throw new RangeError(`frames ${firstFrame}+${count} are not within ${total}`)
  }
  return checked
}

/**
 * Renders an audio-reactive video as MP4: H.264 and BT.709, or 10-bit HEVC with BT.2020 and PQ for
 * `spec.hdr`, with AAC sound.
 *
 * *Guarantee:* the video has exactly the frames that the audio's length asks for; each depends on
 * nothing but the sources and its number, so any `range` can be rendered alone and is the same bit
 * for bit before encoding. *Output:* what was written; probe the file before trusting it.
 * *Errors:* MEDIA_UNREADABLE, MEDIA_NO_AUDIO, MEDIA_TOO_LARGE, ENCODER_CRASHED, ENCODER_TIMEOUT,
 * DISK_FULL, INTERNAL. *Cancellation:* rejects with the signal's reason when the encoder is gone
 * (SIGTERM, then SIGKILL after 5 s).
 */
export const renderVideo = async (options: RenderVideoOptions): Promise<RenderedVideo> => {
  const { spec, signal, ffmpegPath } = options
  signal.throwIfAborted()
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS_DEFAULT
  const input = await loadSources(options, { ffmpegPath, signal, timeoutMs })
  const total = frameCount(durationSeconds(input.pcm), spec.frameRate)
  const range = checkedRange(options.range, total)
  await drawAndEncode({ ...options, timeoutMs }, { input, range })
  options.onProgress?.(1)
  return { frameCount: range.frameCount, durationSeconds: range.frameCount / spec.frameRate }
}
