import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** `out_time_ms` holds microseconds too, in every version; this name is the honest one. */
const OUT_TIME = /^out_time_us=(\d+)$/

const FRAME = /^frame=(\d+)$/

/**
 * Reads the blocks of `-progress`: seconds of output and, where there are pictures, frames of output.
 * `N/A` before the first packet is passed over.
 */
export const readProgress = (
  source: Readable,
  onProgress: (outTimeSeconds: number, frames: number) => void,
): void => {
  let frames = 0
  createInterface({ input: source }).on('line', (line) => {
    frames = Number(FRAME.exec(line)?.[1] ?? frames)
    const microseconds = OUT_TIME.exec(line)?.[1]
    if (microseconds !== undefined) onProgress(Number(microseconds) / 1e6, frames)
  })
}
