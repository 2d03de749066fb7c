import { open, type FileHandle } from 'node:fs/promises'

import type { Mp4Track } from '../../../domain/generation/compose/copy-plan.ts'
import { childBoxes, findBox, readBoxHeader, type Box } from '../ladder/boxes.ts'

/** The index of four hours of film takes a tenth of this. */
const INDEX_BYTES_MAX = 64_000_000
const HEADER_BYTES_MAX = 16
/** Profiles of H.264 with 8 bits a sample and 4:2:0: baseline, main, extended, high. */
const PLAIN_PROFILES = new Set([66, 77, 88, 100])

/**
 * What an MP4 file says of its tracks; null for everything else (other containers, fragmented files,
 * an index that is broken). A millisecond where a process of ffprobe takes a hundred.
 */
export const readMp4Tracks = async (path: string): Promise<readonly Mp4Track[] | null> => {
  const file = await open(path)
  try {
    return (await readTrackBoxes(file))?.traks.map(readTrack) ?? null
  } catch (error) {
    // Whatever else is wrong with the file, ffprobe says it better.
    if (error instanceof RangeError) return null
    throw error
  } finally {
    await file.close()
  }
}

/** What an MP4's index consists of. */
export interface TrackBoxes {
  /** The body of each `trak`, in order. */
  readonly traks: readonly Buffer[]
  /** Ticks in a second of the whole. */
  readonly movieTimescale: number
}

/** Null for everything that is no MP4 with one index for all of it. *Errors:* RangeError. */
export const readTrackBoxes = async (file: FileHandle): Promise<TrackBoxes | null> => {
  const moov = await readIndex(file)
  if (!moov || findBox(moov, 'moov/mvex')) return null
  const root = findBox(moov, 'moov')
  if (!root) return null
  const mvhd = bodyOf(moov, 'moov/mvhd')
  return {
    movieTimescale: mvhd.readUInt32BE(mvhd.readUInt8(0) === 1 ? 20 : 12),
    traks: childBoxes(moov, root)
      .filter(({ type }) => type === 'trak')
      .map((trak) => moov.subarray(trak.bodyOffset, trak.offset + trak.sizeBytes)),
  }
}

const readAt = async (file: FileHandle, length: number, position: number): Promise<Buffer> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

const readIndex = async (file: FileHandle): Promise<Buffer | null> => {
  const { size } = await file.stat()
  for (let offset = 0; offset + 8 <= size;) {
    const head = await readAt(file, HEADER_BYTES_MAX, offset)
    if (offset === 0 && head.toString('latin1', 4, 8) !== 'ftyp') return null
    const box = readBoxHeader(head, 0)
    if (box.type === 'moov') {
      return box.sizeBytes > INDEX_BYTES_MAX ? null : await readAt(file, box.sizeBytes, offset)
    }
    offset += box.sizeBytes
  }
  return null
}

const KINDS: Readonly<Record<string, Mp4Track['kind']>> = { vide: 'pictures', soun: 'sound' }

/** What is in the first box at a path. *Errors:* RangeError when there is none. */
export const bodyOf = (bytes: Buffer, path: string): Buffer => {
  const box = findBox(bytes, path)
  if (!box) throw new RangeError(`there is no ${path}`)
  return bytes.subarray(box.bodyOffset, box.offset + box.sizeBytes)
}

/** *Errors:* RangeError for tables that break off. */
export const readTrack = (trak: Buffer): Mp4Track => {
  const mdhd = bodyOf(trak, 'mdia/mdhd')
  const handler = bodyOf(trak, 'mdia/hdlr').toString('latin1', 8, 12)
  const kind = KINDS[handler] ?? 'other'
  const { stsd, entry, entryBody } = readSampleEntry(trak)
  const timing = readTiming(bodyOf(trak, 'mdia/minf/stbl/stts'), kind)
  const edit = readEdit(trak)
  const isPlain = stsd.readUInt32BE(4) === 1 && edit.isPlain
  return {
    kind,
    codec: entry.type,
    sampleEntry: entryWithoutRates(entry, entryBody),
    timescale: mdhd.readUInt32BE(mdhd.readUInt8(0) === 1 ? 20 : 12),
    ...timing,
    skippedTicks: edit.startTicks - firstDelay(trak),
    isPlain:
      isPlain && (kind !== 'pictures' || (isUpright(trak) && arePlainPictures(trak, entryBody))),
    size:
      kind === 'pictures'
        ? { widthPx: entryBody.readUInt16BE(24), heightPx: entryBody.readUInt16BE(26) }
        : null,
  }
}

/** How the first kind of a track's packets is described. */
export const readSampleEntry = (trak: Buffer) => {
  const stsd = bodyOf(trak, 'mdia/minf/stbl/stsd')
  const entry = readBoxHeader(stsd, 8)
  return { stsd, entry, entryBody: stsd.subarray(entry.bodyOffset, entry.offset + entry.sizeBytes) }
}

/** What stands before the boxes of an entry. */
export const ENTRY_HEAD_BYTES = { pictures: 78, sound: 28 } as const

/** Bit rates (`btrt`, and those in the descriptor of AAC) are measured, and differ from clip to clip. */
const entryWithoutRates = (entry: Box, body: Buffer): string => {
  const headBytes = ENTRY_HEAD_BYTES[entry.type === 'avc1' ? 'pictures' : 'sound']
  const kept = boxesAfter(body, headBytes)
    .filter(({ type }) => type !== 'btrt')
    .map((box) => {
      const bytes = body.subarray(box.bodyOffset, box.offset + box.sizeBytes)
      return `${box.type}${(box.type === 'esds' ? decoderSetUp(bytes) : bytes).toString('hex')}`
    })
  return [body.toString('hex', 0, headBytes), ...kept].join()
}

/** The boxes of an entry behind its head. */
export const boxesAfter = (body: Buffer, offset: number): readonly Box[] =>
  childBoxes(body, { offset: 0, bodyOffset: offset, sizeBytes: body.length })

/** What the decoder is set up with, out of a description that counts rates as well: its first byte is the
 * kind of the sound. */
export const decoderSetUp = (esds: Buffer): Buffer => {
  const VERSION_BYTES = 4
  const STREAM_BYTES = 3
  const KIND_AND_RATES_BYTES = 13
  const stream = descriptorBody(esds, VERSION_BYTES)
  const config = descriptorBody(stream, STREAM_BYTES)
  return Buffer.concat([config.subarray(0, 1), descriptorBody(config, KIND_AND_RATES_BYTES)])
}

/** Behind a tag and a length of seven bits a byte. */
const descriptorBody = (bytes: Buffer, offset: number): Buffer => {
  let at = offset + 1
  let length = 0
  for (let isLast = false; !isLast; at += 1) {
    const byte = bytes.readUInt8(at)
    length = length * 128 + (byte & 0x7f)
    isLast = byte < 0x80
  }
  return bytes.subarray(at, at + length)
}

const readTiming = (
  stts: Buffer,
  kind: Mp4Track['kind'],
): Pick<Mp4Track, 'samples' | 'ticksPerSample'> => {
  const runs = stts.readUInt32BE(4)
  let samples = 0
  const lengths = new Set<number>()
  for (let run = 0; run < runs; run += 1) {
    const count = stts.readUInt32BE(8 + run * 8)
    samples += count
    // Encoders say of the last packet of a sound how much of it is meant.
    const isLastOfSound = kind === 'sound' && run > 0 && run === runs - 1 && count === 1
    if (!isLastOfSound) lengths.add(stts.readUInt32BE(12 + run * 8))
  }
  const [only = 0] = lengths
  return { samples, ticksPerSample: lengths.size === 1 && only > 0 ? only : null }
}

/** The delay by which the first picture is shown after it is decoded. */
export const firstDelay = (trak: Buffer): number => {
  const ctts = findBox(trak, 'mdia/minf/stbl/ctts')
  return ctts ? trak.readInt32BE(ctts.bodyOffset + 12) : 0
}

/** Which part of a track is shown. */
export interface Mp4Edit {
  readonly startTicks: number
  /** In ticks of the movie; null: to its end. */
  readonly movieTicks: number | null
  /** It is one piece. */
  readonly isPlain: boolean
}

export const readEdit = (trak: Buffer): Mp4Edit => {
  const box = findBox(trak, 'edts/elst')
  if (!box) return { startTicks: 0, movieTicks: null, isPlain: true }
  const elst = trak.subarray(box.bodyOffset)
  const isLong = elst.readUInt8(0) === 1
  const movieTicks = isLong ? Number(elst.readBigUInt64BE(8)) : elst.readUInt32BE(8)
  const startTicks = isLong ? Number(elst.readBigInt64BE(16)) : elst.readInt32BE(12)
  const isPlain = elst.readUInt32BE(4) === 1 && startTicks >= 0
  return { startTicks, movieTicks: movieTicks || null, isPlain }
}

/** The first two rows of the matrix of a picture that is neither turned nor stretched. */
const UPRIGHT = [0x1_0000, 0, 0, 0, 0x1_0000, 0]

const isUpright = (trak: Buffer): boolean => {
  const tkhd = bodyOf(trak, 'tkhd')
  const matrix = tkhd.readUInt8(0) === 1 ? 52 : 40
  return UPRIGHT.every((value, index) => tkhd.readInt32BE(matrix + index * 4) === value)
}

const arePlainPictures = (trak: Buffer, entry: Buffer): boolean => {
  const stss = findBox(trak, 'mdia/minf/stbl/stss')
  const startsWithKey = !stss || trak.readUInt32BE(stss.bodyOffset + 8) === 1
  const boxes = boxesAfter(entry, ENTRY_HEAD_BYTES.pictures)
  const pasp = boxes.find(({ type }) => type === 'pasp')
  const isSquare =
    !pasp || entry.readUInt32BE(pasp.bodyOffset) === entry.readUInt32BE(pasp.bodyOffset + 4)
  const avcC = boxes.find(({ type }) => type === 'avcC')
  const profile = avcC ? entry.readUInt8(avcC.bodyOffset + 1) : 0
  return startsWithKey && isSquare && PLAIN_PROFILES.has(profile)
}
