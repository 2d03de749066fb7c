import { open, type FileHandle } from 'node:fs/promises'

import type { MediaProbe, MediaStream } from '../../../domain/media-probe.ts'
import { readSamplePlaces, type SamplePlace } from './mp4-samples.ts'
import {
  bodyOf,
  boxesAfter,
  decoderSetUp,
  ENTRY_HEAD_BYTES,
  firstDelay,
  readEdit,
  readSampleEntry,
  readTrack,
  readTrackBoxes,
} from './mp4-tracks.ts'

/** An MP4 that is there to its end. */
export interface IndexedMp4 extends MediaProbe {
  readonly durationSeconds: number
}

const PICTURE_CODECS: Readonly<Record<string, { readonly name: string; readonly box: string }>> = {
  avc1: { name: 'h264', box: 'avcC' },
  hvc1: { name: 'hevc', box: 'hvcC' },
  hev1: { name: 'hevc', box: 'hvcC' },
}
/** Where these say how long the lengths are that stand in front of the parts of a picture. */
const LENGTH_SIZE_BYTE: Readonly<Record<string, number>> = { avcC: 4, hvcC: 21 }

/** AAC as it is nearly always written. What plays at twice the rate that it tells has other packets. */
const AAC_OBJECT_TYPE = 0x40
const AAC_PACKET_SAMPLES = 1024

/**
 * Says what an MP4 is by its own index, if that finds every packet in the file: half of one is never
 * taken for the whole. Milliseconds, where to read it to its end takes two or three processes. *Returns*
 * null for everything else (other containers and codecs, fragments, more tracks than pictures and a
 * sound, several pieces of one track, a packet that is missing): then only reading it tells.
 */
export const probeByIndex = async (path: string): Promise<IndexedMp4 | null> => {
  const file = await open(path)
  try {
    const { size: sizeBytes } = await file.stat()
    const index = await readTrackBoxes(file)
    const streams: MediaStream[] = []
    for (const trak of index?.traks ?? []) {
      const seconds = shownSeconds(trak, index?.movieTimescale ?? 0)
      const stream = streamOf(trak, streams.length, seconds)
      if (stream === null || !(await isThere(file, sizeBytes, trak))) return null
      streams.push(stream)
    }
    const kinds = new Set(streams.map(({ kind }) => kind))
    if (streams.length === 0 || kinds.size < streams.length) return null
    const durationSeconds = Math.max(...streams.map((stream) => stream.durationSeconds ?? 0))
    return {
      formatName: 'mov,mp4,m4a,3gp,3g2,mj2',
      ...{ durationSeconds, durationIsEstimated: false, sizeBytes, streams },
      bitrateKbps: Math.round((sizeBytes * 8) / durationSeconds / 1000),
    }
  } catch (error) {
    // Tables that break off: ffmpeg says it better.
    if (error instanceof RangeError) return null
    throw error
  } finally {
    await file.close()
  }
}

/** Ticks of all packets together. */
const mediaTicks = (trak: Buffer): number => {
  const stts = bodyOf(trak, 'mdia/minf/stbl/stts')
  let ticks = 0
  for (let run = 0; run < stts.readUInt32BE(4); run += 1) {
    ticks += stts.readUInt32BE(8 + run * 8) * stts.readUInt32BE(12 + run * 8)
  }
  return ticks
}

/** 0: it is shown in pieces, or not at all. */
const shownSeconds = (trak: Buffer, movieTimescale: number): number => {
  const { kind, timescale } = readTrack(trak)
  const { startTicks, movieTicks, isPlain } = readEdit(trak)
  if (!isPlain) return 0
  const skippedTicks = Math.max(0, startTicks - (kind === 'pictures' ? firstDelay(trak) : 0))
  const seconds = (mediaTicks(trak) - skippedTicks) / timescale
  return movieTicks === null ? seconds : Math.min(seconds, movieTicks / movieTimescale)
}

const streamOf = (trak: Buffer, index: number, durationSeconds: number): MediaStream | null => {
  const { kind, codec, timescale, samples, size, ticksPerSample } = readTrack(trak)
  const { stsd, entryBody } = readSampleEntry(trak)
  if (!(durationSeconds > 0) || stsd.readUInt32BE(4) !== 1) return null
  const common = { index, durationSeconds, isAttachedPicture: false }
  if (kind === 'sound') {
    const [channels, sampleRateHz] = [entryBody.readUInt16BE(16), entryBody.readUInt16BE(24)]
    const isPlain =
      ticksPerSample === AAC_PACKET_SAMPLES &&
      sampleRateHz === timescale &&
      mediaTicks(trak) <= samples * AAC_PACKET_SAMPLES
    if (!isPlain || !isAac(codec, entryBody)) return null
    return { ...common, kind: 'audio', codec: 'aac', channels, sampleRateHz }
  }
  const name = PICTURE_CODECS[codec]?.name
  if (kind !== 'pictures' || name === undefined || size === null) return null
  const frameRate = (samples * timescale) / mediaTicks(trak)
  return { ...common, ...size, kind: 'video', codec: name, frameRate, frameCount: samples }
}

const isAac = (codec: string, entryBody: Buffer): boolean => {
  if (codec !== 'mp4a') return false
  const esds = boxesAfter(entryBody, ENTRY_HEAD_BYTES.sound).find(({ type }) => type === 'esds')
  if (esds === undefined) return false
  const described = entryBody.subarray(esds.bodyOffset, esds.offset + esds.sizeBytes)
  return decoderSetUp(described).readUInt8(0) === AAC_OBJECT_TYPE
}

/** Every packet lies in the file, and the first and last picture are laid out as their codec writes them:
 * what was allotted and never filled is zeros. */
const isThere = async (file: FileHandle, sizeBytes: number, trak: Buffer): Promise<boolean> => {
  const places = readSamplePlaces(trak)
  const { kind, codec, samples } = readTrack(trak)
  if (places === null || places.endByte > sizeBytes || places.count !== samples) return false
  if (kind !== 'pictures') return true
  const lengthBytes = lengthBytesOf(codec, readSampleEntry(trak).entryBody)
  for (const place of [places.first, places.last]) {
    if (!(await isPicture(file, place, lengthBytes))) return false
  }
  return true
}

const lengthBytesOf = (codec: string, entryBody: Buffer): number => {
  const wanted = PICTURE_CODECS[codec]?.box ?? ''
  const box = boxesAfter(entryBody, ENTRY_HEAD_BYTES.pictures).find(({ type }) => type === wanted)
  if (box === undefined) throw new RangeError(`there is no ${wanted}`)
  return (entryBody.readUInt8(box.bodyOffset + (LENGTH_SIZE_BYTE[wanted] ?? 0)) & 3) + 1
}

/** The lengths of its parts add up to the packet. */
const isPicture = async (
  file: FileHandle,
  { offset, sizeBytes }: SamplePlace,
  lengthBytes: number,
): Promise<boolean> => {
  const length = Buffer.alloc(lengthBytes)
  let at = 0
  while (at + lengthBytes < sizeBytes) {
    await file.read(length, 0, lengthBytes, offset + at)
    const partBytes = length.readUIntBE(0, lengthBytes)
    if (partBytes === 0) return false
    at += lengthBytes + partBytes
  }
  return at === sizeBytes
}
