import { MediaError } from '../../domain/failures.ts'
import { chooseThumbnail } from '../../domain/thumbnail-choice.ts'
import type { FrameMeasure } from '../../domain/thumbnail-choice.ts'
import { assertSucceeded, spawnGuarded } from './process.ts'
import { safeInput } from './safe-input.ts'

/** How many frames of a video are looked at, whatever its length. */
const CANDIDATES = 60

export interface BestFrameOptions {
  readonly ffmpegPath: string
  readonly path: string
  readonly durationSeconds: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/**
 * Finds the liveliest frame, in seconds from the start. Looks at key frames only, which costs a twentieth
 * of decoding everything; if all of these are dull (a short video that fades in from black has a single
 * one), looks at others in between.
 */
export const findBestFrame = async (options: BestFrameOptions): Promise<number> => {
  const fromKeyFrames = chooseThumbnail(await measureFrames(options, ['-skip_frame', 'nokey']))
  if (fromKeyFrames && !fromKeyFrames.isDull) return fromKeyFrames.timeSeconds
  const fromAll = chooseThumbnail(await measureFrames(options, []))
  if (!fromAll) throw new MediaError('MEDIA_UNREADABLE', 'no frame could be decoded')
  return fromAll.timeSeconds
}

const measureFrames = async (
  options: BestFrameOptions,
  decoderOptions: readonly string[],
): Promise<FrameMeasure[]> => {
  const { ffmpegPath, path, durationSeconds, timeoutMs, signal } = options
  const gapSeconds = durationSeconds / CANDIDATES
  const filters = [
    `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${gapSeconds})'`,
    'scale=160:-2',
    // 8 bits, so that the measures of every video are on one scale.
    'format=yuv420p',
    'signalstats',
    'metadata=mode=print:file=-',
  ]
  const { ended } = spawnGuarded({
    file: ffmpegPath,
    args: [
      ...['-nostdin', '-hide_banner', '-loglevel', 'warning', '-nostats'],
      ...safeInput({ path, options: decoderOptions }),
      ...['-map', '0:v:0', '-vf', filters.join(), '-fps_mode', 'passthrough', '-f', 'null', '-'],
    ],
    stdout: 'text',
    timeoutMs,
    ...(signal ? { signal } : {}),
  })
  const end = await ended
  assertSucceeded(ffmpegPath, end)
  return readMeasures(end.stdoutText)
}

/** `frame:0 pts:0 pts_time:0` and then one line for each measure. */
const readMeasures = (text: string): FrameMeasure[] =>
  text
    .split(/^frame:/m)
    .slice(1)
    .map((block) => {
      const value = (name: string): number =>
        Number(new RegExp(`${name}[:=]\\s*(-?[\\d.]+)`).exec(block)?.[1] ?? Number.NaN)
      return {
        timeSeconds: value('pts_time'),
        luma: value('signalstats.YAVG'),
        lumaLow: value('signalstats.YLOW'),
        lumaHigh: value('signalstats.YHIGH'),
        lumaMax: value('signalstats.YMAX'),
        saturation: value('signalstats.SATAVG'),
      }
    })
    .filter((measure) => Object.values(measure).every(Number.isFinite))
