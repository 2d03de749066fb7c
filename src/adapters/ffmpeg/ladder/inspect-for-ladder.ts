import { createInterface } from 'node:readline'

import { planLadder } from '../../../domain/ladder.ts'
import type { Ladder, LadderWish } from '../../../domain/ladder.ts'
import { videoStreams } from '../../../domain/media-probe.ts'
import type { MediaProbe } from '../../../domain/media-probe.ts'
import { readPictureTiming } from '../../../domain/picture-timing.ts'
import type { PictureTiming } from '../../../domain/picture-timing.ts'
import { probe } from '../probe.ts'
import { assertSucceeded, spawnGuarded } from '../process.ts'
import { safeInput } from '../safe-input.ts'

export interface InspectOptions {
  readonly ffprobePath: string
  readonly inputPath: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/**
 * Looks at a source and decides what its stream consists of. Reads the whole file once, without
 * decoding it: headers lie about rates and lengths, packets do not.
 *
 * *Errors:* MEDIA_NO_VIDEO, those of `probe`, ENCODER_TIMEOUT. *Cancellation:* rejects with the
 * signal's reason.
 */
export const inspectForLadder = async (
  options: InspectOptions & { readonly wish: LadderWish },
): Promise<Ladder> => {
  const { ffprobePath, inputPath, wish } = options
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])])
  const looking = probe({ ffprobePath, path: inputPath, signal })
  // Nearly always the film is the first of the pictures that are there; if not, it is looked at again.
  const guess = inspectPictures({ ...options, signal }, 'v:0')
  const guessed = guess.catch(() => null)
  try {
    const source = await looking
    const [video] = videoStreams(source)
    const isFirst = video !== undefined && video.index === firstPictures(source)
    if (isFirst) return planLadder({ probe: source, timing: await guess }, wish)
    const timing = video ? await inspectPictures({ ...options, signal }, String(video.index)) : null
    return planLadder({ probe: source, timing }, wish)
  } finally {
    stop.abort()
    await guessed
  }
}

/** Which stream FFmpeg calls `v:0`: a cover counts as well. */
const firstPictures = ({ streams }: MediaProbe): number | undefined =>
  streams.find(({ kind }) => kind === 'video')?.index

const inspectPictures = async (
  options: InspectOptions,
  stream: string,
): Promise<PictureTiming | null> => {
  const { ffprobePath, inputPath, timeoutMs, signal } = options
  const { stdout, ended } = spawnGuarded({
    file: ffprobePath,
    args: [
      ...['-hide_banner', '-v', 'error', '-select_streams', stream],
      ...[
        '-show_entries',
        'packet=pts_time,dts_time,duration_time,size,flags:stream=time_base:format=start_time',
      ],
      ...['-print_format', 'compact'],
      ...safeInput({ path: inputPath }),
    ],
    stdout: 'pipe',
    timeoutMs,
    ...(signal ? { signal } : {}),
  })
  const packets = emptyPackets()
  if (stdout) {
    for await (const line of createInterface({ input: stdout })) readLine(line, packets)
  }
  assertSucceeded(ffprobePath, await ended)
  const { startSeconds, latestSeconds: _, ...read } = packets
  return readPictureTiming({
    ...read,
    seconds: read.seconds.map((seconds) => seconds - startSeconds),
  })
}

const emptyPackets = () => ({
  startSeconds: 0,
  latestSeconds: -Infinity,
  seconds: [] as number[],
  sizeBytes: [] as number[],
  keyPackets: [] as number[],
  lastDurationSeconds: null as number | null,
  hasHidden: false,
  ticksPerSecond: 0,
})

/** `packet|pts_time=0.040000|dts_time=0.000000|duration_time=0.040000|size=812|flags=K_` */
const readLine = (line: string, packets: ReturnType<typeof emptyPackets>): void => {
  const [section, ...entries] = line.split('|')
  const values = new Map(entries.map((entry) => entry.split('=', 2) as [string, string]))
  const seconds = (name: string): number | null => {
    const value = Number(values.get(name) ?? Number.NaN)
    return Number.isFinite(value) ? value : null
  }
  if (section === 'format') packets.startSeconds = seconds('start_time') ?? 0
  // `stream|time_base=1/12800`
  if (section === 'stream') {
    packets.ticksPerSecond = Number(/^1\/(\d+)$/.exec(values.get('time_base') ?? '')?.[1] ?? 0)
  }
  if (section !== 'packet') return
  const flags = values.get('flags') ?? ''
  if (flags.includes('D')) {
    packets.hasHidden = true
    return
  }
  const shownAt = seconds('pts_time') ?? seconds('dts_time')
  if (shownAt === null) return
  if (flags.includes('K')) packets.keyPackets.push(packets.seconds.length)
  if (shownAt >= packets.latestSeconds) {
    packets.latestSeconds = shownAt
    packets.lastDurationSeconds = seconds('duration_time')
  }
  packets.seconds.push(shownAt)
  packets.sizeBytes.push(Number(values.get('size') ?? 0))
}
