import { readFile } from 'node:fs/promises'
import type { Span } from '../../domain/clips/moment.ts'
import type { ComparedFrame } from '../../domain/clips/scene-cuts.ts'
import { runFfmpeg } from '../ffmpeg/process.ts'
import { safeInput } from '../ffmpeg/safe-input.ts'

/** Scenes are told apart as well in small. */
const WIDTH_PX = 160

/**
 * A filter that writes to a file how much each frame differs from the one before.
 * Other ways of scaling take longer, and see changes in noise.
 */
export const comparison = (path: string): string =>
  `scale=${WIDTH_PX}:-2:flags=area,scdet,metadata=print:file=${path}`

/** What the filter has written, in order; times are those of what was decoded. */
export const readComparison = async (path: string): Promise<readonly ComparedFrame[]> =>
  [...(await readFile(path, 'utf8')).matchAll(COMPARED)].map(([, seconds, mafd, score]) => ({
    atSeconds: Number(seconds),
    differenceRatio: Number(mafd) / 100,
    surpriseRatio: Number(score) / 100,
  }))

/** FFmpeg's mean absolute difference of a frame, and its score, in per cent. */
const COMPARED = /pts_time:([\d.]+)\s+lavfi\.scd\.mafd=([\d.]+)\s+lavfi\.scd\.score=([\d.]+)/g

export interface ComparisonJob {
  readonly ffmpegPath: string
  /** Absolute, with a name of our own making. */
  readonly inputPath: string
  readonly timeoutMs: number
  readonly workPath: (fileName: string) => string
  readonly signal: AbortSignal
}

/** The decoder's options for a part of a video. */
export const partOptions = ({ startSeconds, endSeconds }: Span): string[] => [
  ...['-ss', startSeconds.toFixed(6), '-t', (endSeconds - startSeconds).toFixed(6)],
]

/**
 * Compares all frames of a part of a video with their neighbours. *Returns* them with times of the whole
 * video. *Errors:* those of `runFfmpeg`. *Cancellation:* ffmpeg is gone when this settles.
 */
export const compareFrames = async (
  { ffmpegPath, inputPath, timeoutMs, workPath, signal }: ComparisonJob,
  part: Span,
): Promise<readonly ComparedFrame[]> => {
  const path = workPath('closer.txt')
  await runFfmpeg({
    ffmpegPath,
    args: [
      ...safeInput({ path: inputPath, options: partOptions(part) }),
      ...['-map', '0:V:0', '-vf', comparison(path), '-f', 'null', '-'],
    ],
    ...{ timeoutMs, signal },
  })
  return (await readComparison(path)).map((frame) => ({
    ...frame,
    atSeconds: part.startSeconds + frame.atSeconds,
  }))
}
