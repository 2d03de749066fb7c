import { MediaError } from './failures.ts'
import type { TrimWish } from './media-conversions.ts'
import { toMilliseconds } from './to-milliseconds.ts'

/** A part of a medium that exists. */
export interface Trim {
  readonly startSeconds: number
  /** `null`: up to the end, wherever that is. */
  readonly endSeconds: number | null
  /** `null`: not known before it is decoded. */
  readonly durationSeconds: number | null
}

const secondsText = (seconds: number): string => String(toMilliseconds(seconds))

const refuse = (path: string, message: string, fix: string): never => {
  throw new MediaError('INPUT_INVALID', `${path} ${message}`, {
    problems: [{ path, message, fix }],
  })
}

/**
 * The part of a medium that a wish means. An end beyond the medium's own is that end. *Errors:*
 * INPUT_INVALID with a problem at `options.start` or `options.end`: a start at or behind the end of the
 * medium, an end at or before the start, a position before the beginning.
 */
export const trimOf = (wish: TrimWish, sourceSeconds: number | null): Trim => {
  const startSeconds = wish.startSeconds ?? 0
  if (!(startSeconds >= 0)) {
    refuse('options.start', 'lies before the beginning', 'send a number of seconds from 0')
  }
  if (sourceSeconds !== null && startSeconds > 0 && startSeconds >= sourceSeconds) {
    refuse(
      'options.start',
      `is ${secondsText(startSeconds)} s, and the source ends at ${secondsText(sourceSeconds)} s`,
      'send a start before the end of the source',
    )
  }
  if (wish.endSeconds !== null && !(wish.endSeconds > startSeconds)) {
    refuse(
      'options.end',
      `is ${secondsText(wish.endSeconds)} s, which is not after the start at ${secondsText(startSeconds)} s`,
      'send an end after the start',
    )
  }
  const endSeconds =
    wish.endSeconds !== null && (sourceSeconds === null || wish.endSeconds < sourceSeconds)
      ? wish.endSeconds
      : null
  const lastSeconds = endSeconds ?? sourceSeconds
  return {
    startSeconds,
    endSeconds,
    durationSeconds: lastSeconds === null ? null : lastSeconds - startSeconds,
  }
}

/**
 * The same part for pictures: a start within the last frame is the beginning of that frame, so that
 * there is always one.
 */
export const onPictures = (trim: Trim, sourceSeconds: number | null, frameRate: number): Trim => {
  if (sourceSeconds === null) return trim
  const lastFrameSeconds = Math.max(0, sourceSeconds - 1 / frameRate)
  return { ...trim, startSeconds: Math.min(trim.startSeconds, lastFrameSeconds) }
}
