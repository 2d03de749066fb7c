import { assertSucceeded, spawnGuarded } from './process.ts'
import { cancelOf } from './conversion.ts'
import type { ConversionJob } from './conversion.ts'
import { safeInput } from './safe-input.ts'

/** How much of a source is looked at; key frames keep their distance. */
const LOOK_SECONDS = 60

/**
 * The largest distance between key frames in the first minute, in seconds, by reading packets and
 * decoding none. `Infinity` where there is only one. *Errors:* those of `spawnGuarded`.
 */
export const findKeyFrameGap = async (job: ConversionJob, streamIndex: number): Promise<number> => {
  const { ended } = spawnGuarded({
    file: job.ffprobePath,
    args: [
      ...['-v', 'error', '-select_streams', String(streamIndex)],
      ...['-read_intervals', `%+${LOOK_SECONDS}`, '-show_entries', 'packet=pts_time,flags'],
      ...['-of', 'csv=p=0', ...safeInput({ path: job.inputPath })],
    ],
    stdout: 'text',
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
  })
  const end = await ended
  assertSucceeded(job.ffprobePath, end)
  const times = end.stdoutText
    .split('\n')
    .filter((line) => /,K/.test(line))
    .map((line) => Number(line.split(',')[0]))
    .filter(Number.isFinite)
    .toSorted((left, right) => left - right)
  if (times.length < 2) return Infinity
  return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? 0)))
}
