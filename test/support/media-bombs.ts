/** Small files that would be large work: made by hand, for no encoder makes them. */

import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { constants, crc32, deflateRawSync } from 'node:zlib'
import { makeMedia, makeTone } from './media-corpus.ts'

/**
 * A hundred frames, a thousand seconds apart, with a second of sound: made into 25 frames a second
 * they are two and a half million. *Returns* the file as it is, and as a header tells it of a second.
 */
export const makeGaps = async (
  folder: string,
  container: 'mkv' | 'mp4',
): Promise<{ readonly honest: string; readonly lying: string }> => {
  const tone = await makeTone(folder, 'short.m4a', { durationSeconds: 1 })
  const frames = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64', '-frames:v', '100', '-vf', 'setpts=N*1000/TB'],
    ...['-vsync', 'vfr', '-c:v', 'libx264', `frames.${container}`],
  )
  const honest = await makeMedia(
    folder,
    ...['-i', frames, '-i', tone, '-map', '0', '-map', '1', '-c', 'copy'],
    ...['-max_interleave_delta', '0', `gaps.${container}`],
  )
  const bytes = await readFile(honest)
  if (container === 'mkv') claimASecondInMatroska(bytes)
  else claimASecondInMp4(bytes)
  const lying = join(folder, `lying-gaps.${container}`)
  await writeFile(lying, bytes)
  return { honest, lying }
}

/** The element `Duration`, in milliseconds, and the tags of the streams. */
const claimASecondInMatroska = (bytes: Buffer): void => {
  bytes.writeDoubleBE(1_000, bytes.indexOf(Buffer.from([0x44, 0x89, 0x88])) + 3)
  for (let at = bytes.indexOf('DURATION'); at >= 0; at = bytes.indexOf('DURATION', at + 1)) {
    bytes.write('00:00:01.000000000', bytes.indexOf(':', at) - 2)
  }
}

/** The headers of file, track and media; the edit list, which says it too, becomes free space. */
const claimASecondInMp4 = (bytes: Buffer): void => {
  bytes.writeUInt32BE(1_000, bytes.indexOf('mvhd') + 20)
  bytes.writeUInt32BE(1_000, bytes.indexOf('tkhd') + 24)
  const mediaAt = bytes.indexOf('mdhd')
  bytes.writeUInt32BE(bytes.readUInt32BE(mediaAt + 16), mediaAt + 20)
  for (let at = bytes.indexOf('elst'); at >= 0; at = bytes.indexOf('elst', at + 4)) {
    bytes.write('free', at)
  }
}

/** A second of sound in an MP4 whose tables tell of `samples` of them, in bytes that are not there. */
export const makeSampleTable = async (
  folder: string,
  { samples, sizes }: { readonly samples: number; readonly sizes: 'listed' | 'all alike' },
): Promise<string> => {
  const bytes = await readFile(await makeTone(folder, 'table.m4a', { durationSeconds: 1 }))
  const sizesAt = bytes.indexOf('stsz')
  bytes.writeUInt32BE(samples, sizesAt + 12)
  if (sizes === 'all alike') {
    // One size for all needs no list, and the other tables count in runs: a few bytes tell of it all.
    bytes.writeUInt32BE(1, sizesAt + 8)
    bytes.writeUInt32BE(1, bytes.indexOf('stts') + 8)
    bytes.writeUInt32BE(samples, bytes.indexOf('stts') + 12)
    bytes.writeUInt32BE(1, bytes.indexOf('stsc') + 8)
    bytes.writeUInt32BE(samples, bytes.indexOf('stsc') + 16)
  }
  const path = join(folder, 'table.mp4')
  await writeFile(path, bytes)
  return path
}

/**
 * A song that keeps its sound in another file, by an alias as QuickTime wrote them. That file is a
 * whole song with the same layout: whoever opens it hears something.
 */
export const makeExternalSong = async (folder: string): Promise<string> => {
  const song = await makeTone(folder, 'song.m4a', { durationSeconds: 1 })
  const elsewhere = join(folder, 'elsewhere.m4a')
  await copyFile(song, elsewhere)
  const path = join(folder, 'external-song')
  const road = ['moov', 'trak', 'mdia', 'minf', 'dinf', 'dref']
  const bytes = await readFile(song)
  const mute = editBox(bytes, ['mdat'], (body) => Buffer.alloc(body.length))
  await writeFile(
    path,
    editBox(mute, road, () =>
      Buffer.concat([uint32(0), uint32(1), box('alis', uint32(0), aliasOf(elsewhere))]),
    ),
  )
  return path
}

/** Volume and file names are left empty; the absolute path comes as item 2 of the list behind them. */
const aliasOf = (path: string): Buffer => {
  const padded = Buffer.from(path.length % 2 === 0 ? path : `${path}\0`)
  const item = Buffer.alloc(4)
  item.writeUInt16BE(2)
  item.writeUInt16BE(padded.length, 2)
  return Buffer.concat([Buffer.alloc(150), item, padded, uint32(0xffff_0000)])
}

/** An AVIF picture of `sidePx` squared, of which nothing but the headers is there. */
export const makeHugeAvif = async (folder: string, sidePx: number): Promise<string> => {
  const size = box('ispe', uint32(0), uint32(sidePx), uint32(sidePx))
  const config = box('av1C', Buffer.from([0x81, 0x3f, 0, 0]))
  const association = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 1, 0x82])
  const place = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0x44, 0, 0, 1, 0, 1, 0, 0, 0, 1]),
    uint32(400),
    uint32(64),
  ])
  const item = box('infe', uint32(0x0200_0000), Buffer.from('\0\x01\0\0av01\0', 'latin1'))
  const path = join(folder, 'huge-avif')
  await writeFile(
    path,
    Buffer.concat([
      box('ftyp', Buffer.from('avif\0\0\0\0avifmif1miaf', 'latin1')),
      box(
        'meta',
        uint32(0),
        box('hdlr', uint32(0), uint32(0), Buffer.from('pict'), Buffer.alloc(13)),
        box('pitm', uint32(0), Buffer.from([0, 1])),
        box('iloc', place),
        box('iinf', uint32(0), Buffer.from([0, 1]), item),
        box('iprp', box('ipco', size, config), box('ipma', association)),
      ),
      box('mdat', Buffer.alloc(256, 0x12)),
    ]),
  )
  return path
}

/** A small PNG with a colour profile, or a text, of `gigabytes` of zeros: a megabyte for each. */
export const makeUnpackingPicture = async (
  folder: string,
  { chunk, gigabytes }: { readonly chunk: 'iCCP' | 'zTXt'; readonly gigabytes: number },
): Promise<string> => {
  const still = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64', '-frames:v', '1', 'still.png'],
  )
  const part = deflateRawSync(Buffer.alloc(2 ** 24), { finishFlush: constants.Z_FULL_FLUSH })
  const body = Buffer.concat([
    Buffer.from(`${chunk}name\0\0\x78\x9c`, 'latin1'),
    ...Array.from({ length: gigabytes * 64 }, () => part),
    Buffer.from([3, 0, 0, 0, 0, 0]),
  ])
  const bytes = await readFile(still)
  // Behind the signature and the header, in front of the pixels.
  const at = 33
  const path = join(folder, `unpacking-${chunk}`)
  await writeFile(
    path,
    Buffer.concat([
      bytes.subarray(0, at),
      uint32(body.length - 4),
      body,
      uint32(crc32(body)),
      bytes.subarray(at),
    ]),
  )
  return path
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const box = (name: string, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([uint32(body.length + 8), Buffer.from(name), body])
}

/** Replaces what a box contains; the boxes around it grow with it. */
const editBox = (
  bytes: Buffer,
  [name = '', ...inner]: readonly string[],
  edit: (body: Buffer) => Buffer,
): Buffer => {
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    if (bytes.toString('latin1', at + 4, at + 8) !== name) continue
    const end = at + bytes.readUInt32BE(at)
    const body = bytes.subarray(at + 8, end)
    const edited = inner.length === 0 ? edit(body) : editBox(body, inner, edit)
    return Buffer.concat([bytes.subarray(0, at), box(name, edited), bytes.subarray(end)])
  }
  throw new Error(`there is no box ${name}`)
}
