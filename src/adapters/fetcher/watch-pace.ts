import type { Readable } from 'node:stream'

import { MediaError } from '../../domain/failures.ts'

/** A modem of 1995 is faster. */
const BYTES_PER_SECOND_MIN = 1_000

/**
 * Ends a body that only drips: a byte a second keeps every idle timeout quiet and a download slot taken.
 * In each window the mean has to be a thousand bytes a second.
 */
export const watchPace = (
  body: Readable,
  windowMs: number,
): { readonly report: (totalBytes: number) => void; readonly stop: () => void } => {
  let totalBytes = 0
  let bytesBefore = 0
  const timer = setInterval(() => {
    if (totalBytes - bytesBefore < (BYTES_PER_SECOND_MIN * windowMs) / 1_000) {
      body.destroy(new MediaError('SOURCE_UNAVAILABLE', 'the source only drips'))
    }
    bytesBefore = totalBytes
  }, windowMs)
  return {
    report: (bytes) => {
      totalBytes = bytes
    },
    stop: () => clearInterval(timer),
  }
}
