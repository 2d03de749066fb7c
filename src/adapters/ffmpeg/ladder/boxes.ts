/** The parts of a fragmented MP4 file that a packager has to know. *Source:* ISO/IEC 14496-12. */

const HEADER_BYTES = 8
const LONG_HEADER_BYTES = 16

export interface Box {
  readonly type: string
  /** Position of the header. */
  readonly offset: number
  /** Position of what is in the box. */
  readonly bodyOffset: number
  readonly sizeBytes: number
}

/** Reads the header at a position of a buffer that has at least 16 bytes from there, or fewer at its end. */
export const readBoxHeader = (bytes: Buffer, offset: number): Box => {
  const short = bytes.readUInt32BE(offset)
  const type = bytes.toString('latin1', offset + 4, offset + HEADER_BYTES)
  const isLong = short === 1
  const sizeBytes = isLong ? Number(bytes.readBigUInt64BE(offset + HEADER_BYTES)) : short
  const headerBytes = isLong ? LONG_HEADER_BYTES : HEADER_BYTES
  if (sizeBytes < headerBytes) throw new RangeError(`box ${type} of ${sizeBytes} bytes`)
  return { type, offset, bodyOffset: offset + headerBytes, sizeBytes }
}

const children = (bytes: Buffer, from: number, to: number): Box[] => {
  const boxes: Box[] = []
  for (let offset = from; offset + HEADER_BYTES <= to;) {
    const box = readBoxHeader(bytes, offset)
    boxes.push(box)
    offset += box.sizeBytes
  }
  return boxes
}

/** What lies in a box, in order. */
export const childBoxes = (bytes: Buffer, parent: Omit<Box, 'type'>): Box[] =>
  children(bytes, parent.bodyOffset, parent.offset + parent.sizeBytes)

/** The first box at a path such as `moov/trak/mdia`, from the beginning of the bytes. */
export const findBox = (bytes: Buffer, path: string): Box | null => {
  let found: Box | null = null
  let [from, to] = [0, bytes.length]
  for (const type of path.split('/')) {
    found = children(bytes, from, to).find((box) => box.type === type) ?? null
    if (!found) return null
    from = found.bodyOffset
    to = found.offset + found.sizeBytes
  }
  return found
}

const requireBox = (bytes: Buffer, path: string): Box => {
  const box = findBox(bytes, path)
  if (!box) throw new RangeError(`there is no ${path}`)
  return box
}

export interface TrackHeader {
  /** Ticks in a second. */
  readonly timescale: number
  readonly defaultDurationTicks: number
  readonly defaultFlags: number
}

/** Of the single track of an initialisation segment. */
export const readTrackHeader = (init: Buffer): TrackHeader => {
  const mdhd = requireBox(init, 'moov/trak/mdia/mdhd').bodyOffset
  const isLong = init.readUInt8(mdhd) === 1
  const trex = requireBox(init, 'moov/mvex/trex').bodyOffset
  return {
    timescale: init.readUInt32BE(mdhd + (isLong ? 20 : 12)),
    defaultDurationTicks: init.readUInt32BE(trex + 12),
    defaultFlags: init.readUInt32BE(trex + 20),
  }
}

export interface Fragment {
  /** The decode time of its first sample, as written. */
  readonly startTicks: number
  readonly durationTicks: number
  readonly sampleCount: number
  /** Its first sample needs no other. */
  readonly startsWithKey: boolean
}

const TFHD_BASE_OFFSET = 0x1
const TFHD_DESCRIPTION = 0x2
const TFHD_DURATION = 0x8
const TFHD_SIZE = 0x10
const TFHD_FLAGS = 0x20
const TRUN_DATA_OFFSET = 0x1
const TRUN_FIRST_FLAGS = 0x4
const TRUN_DURATION = 0x100
const TRUN_SIZE = 0x200
const TRUN_FLAGS = 0x400
const TRUN_COMPOSITION = 0x800
const SAMPLE_IS_NOT_KEY = 0x1_0000

/** Reads the `moof` of one track that the bytes consist of. */
export const readFragment = (moof: Buffer, track: TrackHeader): Fragment => {
  const defaults = readFragmentDefaults(moof, track)
  const trun = requireBox(moof, 'moof/traf/trun').bodyOffset
  const flags = moof.readUInt32BE(trun) & 0xff_ffff
  const sampleCount = moof.readUInt32BE(trun + 4)
  let at = trun + 8 + (flags & TRUN_DATA_OFFSET ? 4 : 0)
  let firstFlags = defaults.flags
  if (flags & TRUN_FIRST_FLAGS) {
    firstFlags = moof.readUInt32BE(at)
    at += 4
  } else if (flags & TRUN_FLAGS) {
    firstFlags = moof.readUInt32BE(
      at + (flags & TRUN_DURATION ? 4 : 0) + (flags & TRUN_SIZE ? 4 : 0),
    )
  }
  const fields = [TRUN_DURATION, TRUN_SIZE, TRUN_FLAGS, TRUN_COMPOSITION]
  const sampleBytes = fields.filter((field) => flags & field).length * 4
  let durationTicks = sampleCount * defaults.durationTicks
  if (flags & TRUN_DURATION) {
    durationTicks = 0
    for (let sample = 0; sample < sampleCount; sample += 1) {
      durationTicks += moof.readUInt32BE(at + sample * sampleBytes)
    }
  }
  return {
    startTicks: readDecodeTime(moof),
    durationTicks,
    sampleCount,
    startsWithKey: (firstFlags & SAMPLE_IS_NOT_KEY) === 0,
  }
}

const readFragmentDefaults = (moof: Buffer, track: TrackHeader) => {
  const tfhd = requireBox(moof, 'moof/traf/tfhd').bodyOffset
  const flags = moof.readUInt32BE(tfhd) & 0xff_ffff
  let at = tfhd + 8 + (flags & TFHD_BASE_OFFSET ? 8 : 0) + (flags & TFHD_DESCRIPTION ? 4 : 0)
  const take = (field: number, otherwise: number): number => {
    if (!(flags & field)) return otherwise
    at += 4
    return moof.readUInt32BE(at - 4)
  }
  const durationTicks = take(TFHD_DURATION, track.defaultDurationTicks)
  take(TFHD_SIZE, 0)
  return { durationTicks, flags: take(TFHD_FLAGS, track.defaultFlags) }
}

const readDecodeTime = (moof: Buffer): number => {
  const tfdt = requireBox(moof, 'moof/traf/tfdt').bodyOffset
  return moof.readUInt8(tfdt) === 1
    ? Number(moof.readBigUInt64BE(tfdt + 4))
    : moof.readUInt32BE(tfdt + 4)
}

/** Gives a fragment its place in the stream: its number and the decode time of its first sample. */
export const placeFragment = (
  moof: Buffer,
  place: { readonly sequenceNumber: number; readonly startTicks: number },
): void => {
  moof.writeUInt32BE(place.sequenceNumber, requireBox(moof, 'moof/mfhd').bodyOffset + 4)
  const tfdt = requireBox(moof, 'moof/traf/tfdt').bodyOffset
  if (moof.readUInt8(tfdt) === 1) moof.writeBigUInt64BE(BigInt(place.startTicks), tfdt + 4)
  else moof.writeUInt32BE(place.startTicks, tfdt + 4)
}
