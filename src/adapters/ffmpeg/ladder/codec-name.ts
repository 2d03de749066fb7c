import { findBox } from './boxes.ts'

/** Within `stsd`, behind its version and count. */
const ENTRY_OFFSET = 8
/** What a picture's or a sound's sample entry has before its own boxes, header included. */
const VIDEO_ENTRY_BYTES = 86
const AUDIO_ENTRY_BYTES = 36

/**
 * The codec of an initialisation segment as manifests name it (RFC 6381; ISO/IEC 14496-15, annex E):
 * `avc1.64001f`, `hvc1.2.4.L120.90`, `mp4a.40.2`. Throws RangeError for any other codec.
 */
export const codecName = (init: Buffer): string => {
  const stsd = findBox(init, 'moov/trak/mdia/minf/stbl/stsd')
  if (!stsd) throw new RangeError('the initialisation segment describes no samples')
  const entry = stsd.bodyOffset + ENTRY_OFFSET
  const type = init.toString('latin1', entry + 4, entry + 8)
  const end = stsd.offset + stsd.sizeBytes
  if (type === 'avc1') return avcName(bodyOf(init.subarray(entry + VIDEO_ENTRY_BYTES, end), 'avcC'))
  if (type === 'hvc1')
    return hevcName(bodyOf(init.subarray(entry + VIDEO_ENTRY_BYTES, end), 'hvcC'))
  if (type === 'mp4a') return aacName(bodyOf(init.subarray(entry + AUDIO_ENTRY_BYTES, end), 'esds'))
  throw new RangeError(`${type} is no codec of a ladder`)
}

const bodyOf = (boxes: Buffer, type: string): Buffer => {
  const box = findBox(boxes, type)
  if (!box) throw new RangeError(`the sample entry has no ${type}`)
  return boxes.subarray(box.bodyOffset, box.offset + box.sizeBytes)
}

/** Profile, compatibility and level, a byte each. */
const avcName = (avcC: Buffer): string => `avc1.${avcC.toString('hex', 1, 4)}`

const hevcName = (hvcC: Buffer): string => {
  const profileByte = hvcC.readUInt8(1)
  const space = ['', 'A', 'B', 'C'][profileByte >> 6] ?? ''
  const tier = profileByte & 0x20 ? 'H' : 'L'
  const constraints = [...hvcC.subarray(6, 12)].map((byte) => byte.toString(16).toUpperCase())
  while (constraints.at(-1) === '0') constraints.pop()
  return [
    'hvc1',
    `${space}${profileByte & 0x1f}`,
    reversedBits(hvcC.readUInt32BE(2)).toString(16).toUpperCase(),
    `${tier}${hvcC.readUInt8(12)}`,
    ...constraints,
  ].join('.')
}

const reversedBits = (word: number): number => {
  let reversed = 0
  for (let bit = 0; bit < 32; bit += 1) reversed = (reversed << 1) | ((word >>> bit) & 1)
  return reversed >>> 0
}

const DECODER_CONFIG = 0x04
const DECODER_SPECIFIC = 0x05

/** The object type of MPEG-4 audio: its first five bits of the decoder's own configuration. */
const aacName = (esds: Buffer): string => {
  // Version and flags, then an elementary stream descriptor with its number and flags (none used).
  const decoder = descriptor(esds, descriptor(esds, 4).bodyOffset + 3, DECODER_CONFIG)
  const objectType = esds.readUInt8(decoder.bodyOffset)
  const specific = descriptor(esds, decoder.bodyOffset + 13, DECODER_SPECIFIC)
  return `mp4a.${objectType.toString(16)}.${esds.readUInt8(specific.bodyOffset) >> 3}`
}

/** A descriptor's tag is followed by its length in one to four bytes of seven bits. */
const descriptor = (bytes: Buffer, offset: number, tag?: number): { bodyOffset: number } => {
  if (tag !== undefined && bytes.readUInt8(offset) !== tag) {
    throw new RangeError(`no descriptor ${tag} in esds`)
  }
  let bodyOffset = offset + 1
  while (bytes.readUInt8(bodyOffset) & 0x80) bodyOffset += 1
  return { bodyOffset: bodyOffset + 1 }
}
