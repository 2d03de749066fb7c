import { MediaError } from './failures.ts'

/** The part of its input that a task works on, in seconds. A picture has the length 0. */
export interface TaskSpan {
  readonly start?: unknown
  readonly end?: unknown
}

/**
 * How many seconds of its input a task works on: all of them, or those between `start` and `end`, of
 * which an end beyond the medium's is its end. *Errors:* MEDIA_RANGE_EMPTY for a start beyond the end.
 */
export const workedSeconds = ({ start, end }: TaskSpan, durationSeconds: number): number => {
  const startSeconds = typeof start === 'number' ? start : 0
  if (durationSeconds > 0 && startSeconds >= durationSeconds) {
    throw new MediaError('MEDIA_RANGE_EMPTY', `starts at ${startSeconds} s of ${durationSeconds} s`)
  }
  const endSeconds = typeof end === 'number' ? Math.min(end, durationSeconds) : durationSeconds
  return Math.max(0, endSeconds - startSeconds)
}
