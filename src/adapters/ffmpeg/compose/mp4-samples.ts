import { bodyOf } from './mp4-tracks.ts'
import { findBox } from '../ladder/boxes.ts'

/** A packet in its file. */
export interface SamplePlace {
  readonly offset: number
  readonly sizeBytes: number
}

/** Where the packets of a track lie. */
export interface SamplePlaces {
  readonly count: number
  readonly first: SamplePlace
  readonly last: SamplePlace
  /** Behind the packet that lies furthest. */
  readonly endByte: number
}

const SAMPLE_TABLE = 'mdia/minf/stbl'
/** Four hours at 120 frames a second. A count without a table behind it may be any. */
const SAMPLES_MAX = 2_000_000

/**
 * Reads from an MP4's own book-keeping where the packets of a track lie. Null for a track without any, or
 * whose tables do not agree with each other. *Errors:* RangeError for tables that break off. *Source:*
 * ISO/IEC 14496-12, 8.7.
 */
export const readSamplePlaces = (trak: Buffer): SamplePlaces | null => {
  const { count, sizeOf } = readSizes(bodyOf(trak, `${SAMPLE_TABLE}/stsz`))
  if (count > SAMPLES_MAX || !isInThisFile(trak)) return null
  const chunkOffsets = readChunkOffsets(trak)
  const runs = readChunkRuns(bodyOf(trak, `${SAMPLE_TABLE}/stsc`))
  let sample = 0
  let endByte = 0
  let first: SamplePlace | null = null
  let last: SamplePlace | null = null
  let run = 0
  for (const [chunk, chunkOffset] of chunkOffsets.entries()) {
    while (runs[run + 1] !== undefined && chunk + 1 >= runs[run + 1]!.firstChunk) run += 1
    let offset = chunkOffset
    const end = sample + (runs[run]?.samplesPerChunk ?? 0)
    if (end > count) return null
    for (; sample < end; sample += 1) {
      const sizeBytes = sizeOf(sample)
      if (sizeBytes === 0) return null
      last = { offset, sizeBytes }
      first ??= last
      offset += sizeBytes
    }
    endByte = Math.max(endByte, offset)
  }
  if (first === null || last === null || sample !== count) return null
  return { count, first, last, endByte }
}

/** An index may tell of packets in other files. */
const isInThisFile = (trak: Buffer): boolean => {
  const dref = bodyOf(trak, 'mdia/minf/dinf/dref')
  const flags = dref.readUInt32BE(16) & 0xff_ffff
  return dref.readUInt32BE(4) === 1 && flags === 1
}

const readSizes = (
  stsz: Buffer,
): { readonly count: number; readonly sizeOf: (sample: number) => number } => {
  const allBytes = stsz.readUInt32BE(4)
  const count = stsz.readUInt32BE(8)
  return { count, sizeOf: (sample) => allBytes || stsz.readUInt32BE(12 + sample * 4) }
}

const readChunkOffsets = (trak: Buffer): readonly number[] => {
  const long = findBox(trak, `${SAMPLE_TABLE}/co64`) !== null
  const table = bodyOf(trak, `${SAMPLE_TABLE}/${long ? 'co64' : 'stco'}`)
  return readEntries(table, long ? 8 : 4, (at) =>
    long ? Number(table.readBigUInt64BE(at)) : table.readUInt32BE(at),
  )
}

const readChunkRuns = (stsc: Buffer) =>
  readEntries(stsc, 12, (at) => ({
    firstChunk: stsc.readUInt32BE(at),
    samplesPerChunk: stsc.readUInt32BE(at + 4),
  }))

/** The count may be a lie: nothing is allotted for it before it is found to be true. */
const readEntries = <Entry>(
  table: Buffer,
  entryBytes: number,
  read: (at: number) => Entry,
): readonly Entry[] => {
  const count = table.readUInt32BE(4)
  if (8 + count * entryBytes > table.length) throw new RangeError('a table breaks off')
  return Array.from({ length: count }, (_, index) => read(8 + index * entryBytes))
}
