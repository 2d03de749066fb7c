import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { MediaError } from '../../../domain/failures.ts'
import type { Ladder, Rung } from '../../../domain/ladder.ts'
import { framesPerSecond } from '../../../domain/rational-rate.ts'
import type { RungPart, SegmentRange } from '../../../domain/stream-description.ts'
import { runFfmpeg } from '../process.ts'
import { copyArguments, encodeArguments, rangeFrames } from './rung-arguments.ts'
import type { RungOutput } from './rung-arguments.ts'
import { splitSegments } from './split-segments.ts'
import type { SplitSegment } from './split-segments.ts'

export interface LadderJob {
  readonly ffmpegPath: string
  /** Absolute, a local file under a name of our own. */
  readonly inputPath: string
  /** Absolute, an existing folder; each track makes one of its name in it. */
  readonly outputDir: string
  readonly ladder: Ladder
  /** Wall time for each process. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** From 0 to 1. */
  readonly onProgress?: (ratio: number) => void
}

export interface EncodeRungsJob extends LadderJob {
  readonly rungNames: readonly string[]
  /** By default all segments. Copied rungs are made whole. */
  readonly range?: SegmentRange
}

/**
 * Makes rungs of a ladder: the encoded ones in one process with one decode, the copied ones each in a
 * moment.
 *
 * *Guarantee:* with a range, exactly the segments that a run over everything would make: the same
 * initialisation segment, the same times to the tick, the same pictures. Every segment is checked: it
 * begins with a key frame and has as many frames as it should. *Output:* files `<rung>/init.mp4` and
 * `<rung>/00001.m4s` onwards; the parts, in the order of the names. *Errors:* MEDIA_UNREADABLE (the
 * source breaks off), those of `runFfmpeg`. *Cancellation:* ffmpeg gets SIGTERM, then SIGKILL after
 * 5 s; the files are the caller's to remove.
 */
export const encodeRungs = async (job: EncodeRungsJob): Promise<RungPart[]> => {
  const { ladder, rungNames } = job
  const range = job.range ?? { firstSegment: 0, segmentCount: ladder.segmentCount }
  const chosen = rungNames.map((name) => rungOf(ladder, name))
  const outputs = chosen.map((rung) => ({
    rung,
    path: join(job.outputDir, `${rung.name}-${range.firstSegment}.mp4`),
  }))
  const encoded = outputs.filter(({ rung }) => rung.method === 'encode')
  const copied = outputs.filter(({ rung }) => rung.method === 'copy')
  if (copied.length > 0 && job.range) {
    throw new RangeError('a rung that is copied is made whole')
  }
  try {
    for (const { path } of copied) {
      await run(job, copyArguments(job.inputPath, ladder, path), ladder.frameCount)
    }
    if (encoded.length > 0) {
      const args = encodeArguments({ ...job, range, outputs: encoded })
      await run(job, args, rangeFrames(ladder, range).frameCount)
    }
    const parts: RungPart[] = []
    for (const output of outputs) parts.push(await packageRung(job, output, range))
    return parts
  } finally {
    for (const { path } of outputs) await rm(path, { force: true })
  }
}

const rungOf = (ladder: Ladder, name: string): Rung => {
  const rung = ladder.rungs.find((one) => one.name === name)
  if (!rung) throw new RangeError(`the ladder has no rung ${name}`)
  return rung
}

const run = async (job: LadderJob, args: readonly string[], frameCount: number): Promise<void> => {
  const { onProgress } = job
  await runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args,
    timeoutMs: job.timeoutMs,
    ...(job.signal ? { signal: job.signal } : {}),
    ...(onProgress
      ? { onProgress: (_seconds, frames) => onProgress(Math.min(1, frames / frameCount)) }
      : {}),
  })
}

const packageRung = async (
  { ladder, outputDir }: LadderJob,
  { rung, path }: RungOutput,
  range: SegmentRange,
): Promise<RungPart> => {
  const split = await splitSegments({
    path,
    outputDir,
    trackName: rung.name,
    firstSegment: range.firstSegment,
    segmentSeconds: ladder.framesPerSegment / framesPerSecond(ladder.frameRate),
  })
  verifySegments(split.segments, ladder, range)
  return {
    firstSegment: range.firstSegment,
    track: {
      name: rung.name,
      codecs: split.codecs,
      timescale: split.timescale,
      widthPx: rung.widthPx,
      heightPx: rung.heightPx,
      frameRate: ladder.frameRate,
      videoRange: rung.videoRange,
      segments: split.segments.map(({ durationTicks, sizeBytes }) => ({
        durationTicks,
        sizeBytes,
      })),
    },
  }
}

/** What breaks off makes fewer frames; all else would be a fault of an encoder. */
const verifySegments = (
  segments: readonly SplitSegment[],
  ladder: Ladder,
  range: SegmentRange,
): void => {
  const { frameCount } = rangeFrames(ladder, range)
  const made = segments.reduce((sum, { sampleCount }) => sum + sampleCount, 0)
  if (made < frameCount) {
    throw new MediaError('MEDIA_UNREADABLE', `${made} frames were there of ${frameCount}`)
  }
  segments.forEach(({ sampleCount, durationTicks, startsWithKey }, index) => {
    const isLast = index === segments.length - 1
    const expected = isLast ? frameCount - index * ladder.framesPerSegment : ladder.framesPerSegment
    const isRight =
      startsWithKey && sampleCount === expected && durationTicks === expected * ladder.ticksPerFrame
    if (isRight) return
    const found = `${sampleCount} frames in ${durationTicks} ticks, key frame: ${startsWithKey}`
    throw new MediaError('ENCODER_CRASHED', `segment ${index} has ${found}`)
  })
}
