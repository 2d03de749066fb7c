/** Looks at the segments of a packaged stream as a player gets them. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { initName, segmentName, trackFiles } from '../../src/domain/stream-description.ts'
import type { SegmentedTrack } from '../../src/domain/stream-description.ts'

const run = promisify(execFile)

export interface Packet {
  readonly shownAtSeconds: number
  readonly durationSeconds: number
  readonly sizeBytes: number
  readonly isKey: boolean
}

/** The packets of a file's first stream of a kind by ffprobe, in the order in which they are shown. */
export const packetsOf = async (path: string, kind: 'v' | 'a' = 'v'): Promise<Packet[]> => {
  const { stdout } = await run(
    'ffprobe',
    [
      ...['-v', 'error', '-select_streams', `${kind}:0`, '-of', 'json'],
      ...['-show_entries', 'packet=pts_time,duration_time,size,flags'],
      `file:${path}`,
    ],
    { maxBuffer: 1e8 },
  )
  const { packets } = JSON.parse(stdout) as {
    packets: { pts_time: string; duration_time: string; size: string; flags: string }[]
  }
  return packets
    .map(({ pts_time, duration_time, size, flags }) => ({
      sizeBytes: Number(size),
      shownAtSeconds: Number(pts_time),
      durationSeconds: Number(duration_time),
      isKey: flags.startsWith('K'),
    }))
    .toSorted((one, other) => one.shownAtSeconds - other.shownAtSeconds)
}

/** One segment behind its header, as a file of its own. */
export const segmentFile = async (
  folder: string,
  track: SegmentedTrack,
  index: number,
): Promise<string> => {
  const parts = [initName(track.name), segmentName(track.name, index)]
  const path = join(folder, `${track.name}-${index}.alone.mp4`)
  await writeFile(path, await Promise.all(parts.map((name) => readFile(join(folder, name)))))
  return path
}

/** A whole track as one file. */
export const joinTrack = async (folder: string, track: SegmentedTrack): Promise<string> => {
  const path = join(folder, `${track.name}.joined.mp4`)
  const parts = await Promise.all(trackFiles(track).map((name) => readFile(join(folder, name))))
  await writeFile(path, parts)
  return path
}

/** What ffprobe says of the first stream of a kind. */
export const streamOf = async (
  path: string,
  kind: 'v' | 'a',
): Promise<Readonly<Record<string, unknown>>> => {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', `${kind}:0`, '-show_streams', '-of', 'json'],
    `file:${path}`,
  ])
  const { streams } = JSON.parse(stdout) as { streams: Readonly<Record<string, unknown>>[] }
  const [stream] = streams
  if (!stream) throw new Error(`${path} has no stream ${kind}`)
  return stream
}
