import { mkdir, open, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

import { MediaError } from '../../../domain/failures.ts'
import { initName, segmentName } from '../../../domain/stream-description.ts'
import type { Segment } from '../../../domain/stream-description.ts'
import { placeFragment, readBoxHeader, readFragment, readTrackHeader } from './boxes.ts'
import { codecName } from './codec-name.ts'

export interface SplitJob {
  /** A fragmented MP4 file with one track, whose first fragment begins at 0. */
  readonly path: string
  readonly outputDir: string
  /** The folder that is made in it. */
  readonly trackName: string
  /** Number of the segment that the file begins with. */
  readonly firstSegment: number
  readonly segmentSeconds: number
}

export interface SplitSegment extends Segment {
  readonly sampleCount: number
  readonly startsWithKey: boolean
}

export interface SplitTrack {
  readonly codecs: string
  readonly timescale: number
  readonly segments: readonly SplitSegment[]
}

/**
 * Cuts a fragmented file into an initialisation segment and media segments, and gives each fragment its
 * time and number in the stream. A fragment belongs to the segment that its middle falls into. None of
 * FFmpeg's segmenting muxers is used, for they count times and numbers from where a process began.
 *
 * *Output:* no segments, and no files, if the file has no fragments. *Errors:* ENCODER_CRASHED if it is
 * none of the kind.
 */
export const splitSegments = async (job: SplitJob): Promise<SplitTrack> => {
  const file = await open(job.path, 'r')
  try {
    return await split(file, job)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new MediaError('ENCODER_CRASHED', `made no fragments: ${error.message}`, { cause: error })
  } finally {
    await file.close()
  }
}

const split = async (file: FileHandle, job: SplitJob): Promise<SplitTrack> => {
  const { trackName, outputDir, firstSegment, segmentSeconds } = job
  const { init, fragmentsOffset } = await readInit(file)
  const track = readTrackHeader(init)
  const segmentTicks = segmentSeconds * track.timescale
  const offsetTicks = Math.round(firstSegment * segmentTicks)
  const segments: SplitSegment[] = []
  let pending: PendingSegment | null = null
  const flush = async () => {
    if (!pending) return
    const name = segmentName(trackName, firstSegment + segments.length)
    await writeFile(join(outputDir, name), pending.chunks)
    segments.push(pending.segment)
    pending = null
  }

  await mkdir(join(outputDir, trackName), { recursive: true })
  await writeFile(join(outputDir, initName(trackName)), init)
  let sequenceNumber = firstSegment
  for await (const { moof, data } of readFragments(file, fragmentsOffset)) {
    const fragment = readFragment(moof, track)
    const middleTicks = fragment.startTicks + fragment.durationTicks / 2
    const index = Math.floor(middleTicks / segmentTicks)
    if (index > segments.length && pending) await flush()
    sequenceNumber += 1
    placeFragment(moof, { sequenceNumber, startTicks: fragment.startTicks + offsetTicks })
    const { startsWithKey } = fragment
    pending ??= { chunks: [], segment: { ...NOTHING, startsWithKey } }
    pending.chunks.push(moof, data)
    pending.segment = extended(pending.segment, fragment, moof.length + data.length)
  }
  await flush()
  return { codecs: codecName(init), timescale: track.timescale, segments }
}

interface PendingSegment {
  readonly chunks: Buffer[]
  segment: SplitSegment
}

const NOTHING = { durationTicks: 0, sizeBytes: 0, sampleCount: 0 }

const extended = (
  segment: SplitSegment,
  fragment: { readonly durationTicks: number; readonly sampleCount: number },
  sizeBytes: number,
): SplitSegment => ({
  ...segment,
  durationTicks: segment.durationTicks + fragment.durationTicks,
  sampleCount: segment.sampleCount + fragment.sampleCount,
  sizeBytes: segment.sizeBytes + sizeBytes,
})

/** The boxes up to the first fragment: `ftyp` and `moov`. */
const readInit = async (file: FileHandle) => {
  const boxes: Buffer[] = []
  let offset = 0
  for (;;) {
    const header = await readHeader(file, offset)
    if (!header || header.type === 'moof') break
    if (header.type === 'ftyp' || header.type === 'moov') {
      boxes.push(await readBytes(file, offset, header.sizeBytes))
    }
    offset += header.sizeBytes
  }
  return { init: Buffer.concat(boxes), fragmentsOffset: offset }
}

async function* readFragments(file: FileHandle, from: number) {
  for (let offset = from; ;) {
    const moofHeader = await readHeader(file, offset)
    if (!moofHeader) return
    if (moofHeader.type !== 'moof') {
      offset += moofHeader.sizeBytes
      continue
    }
    const moof = await readBytes(file, offset, moofHeader.sizeBytes)
    offset += moofHeader.sizeBytes
    const mdat = await readHeader(file, offset)
    if (mdat?.type !== 'mdat') throw new RangeError('a fragment without its data')
    const data = await readBytes(file, offset, mdat.sizeBytes)
    offset += mdat.sizeBytes
    yield { moof, data }
  }
}

const LONGEST_HEADER_BYTES = 16

const readHeader = async (file: FileHandle, offset: number) => {
  const bytes = Buffer.alloc(LONGEST_HEADER_BYTES)
  const { bytesRead } = await file.read(bytes, 0, bytes.length, offset)
  return bytesRead < 8 ? null : readBoxHeader(bytes, 0)
}

const readBytes = async (file: FileHandle, offset: number, sizeBytes: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(sizeBytes)
  const { bytesRead } = await file.read(bytes, 0, sizeBytes, offset)
  if (bytesRead < sizeBytes) throw new RangeError('the file ends in the middle of a box')
  return bytes
}
