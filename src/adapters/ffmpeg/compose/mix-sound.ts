import { open, type FileHandle } from 'node:fs/promises'

import { LoudnessMeter } from '../../../domain/loudness-meter.ts'
import { SOUND_CHANNELS, SOUND_RATE_HZ } from './film-encoder.ts'

/** A sound with its place in the whole. */
export interface SoundPiece {
  /** 32-bit floats without a header; missing: silence. */
  readonly path: string
  readonly startSample: number
  /** What goes on for longer is cut off. */
  readonly samplesMax: number
  /** 1: as loud as it is. */
  readonly volume: number
}

const FRAME_BYTES = SOUND_CHANNELS * 4
/** A second at a time: the memory of any number of sounds is that of those that sound together. */
const CHUNK_SAMPLES = SOUND_RATE_HZ

interface OpenPiece extends SoundPiece {
  readonly file: FileHandle
}

/** What was found out about a whole sound while it was mixed. */
export interface MixedSound {
  /** Above 1 it is louder than can be played. */
  readonly peak: number
  /** Null: nothing is to be heard. Missing: it was not measured. */
  readonly integratedLufs?: number | null
}

export interface Mixing {
  /** Of the whole. */
  readonly totalSamples: number
  /** Whether anybody wants to know how loud it is. */
  readonly isMeasured: boolean
  readonly signal?: AbortSignal
}

/** A second takes some milliseconds here, where others wait for their turn: what is longer is measured
 * by a process of its own. */
const MEASURED_SAMPLES_MAX = 600 * SOUND_RATE_HZ

/** Lays sounds over each other, each at its sample, into one file of the whole length. */
export const mixSound = async (
  outputPath: string,
  pieces: readonly SoundPiece[],
  { totalSamples, isMeasured, signal }: Mixing,
): Promise<MixedSound> => {
  const waiting = pieces.toSorted((one, other) => one.startSample - other.startSample)
  const meter = isMeasured && totalSamples <= MEASURED_SAMPLES_MAX ? new LoudnessMeter() : null
  let sounding: OpenPiece[] = []
  let peak = 0
  const output = await open(outputPath, 'w')
  try {
    for (let at = 0; at < totalSamples; at += CHUNK_SAMPLES) {
      signal?.throwIfAborted()
      const mix = new Float32Array(Math.min(CHUNK_SAMPLES, totalSamples - at) * SOUND_CHANNELS)
      const end = at + mix.length / SOUND_CHANNELS
      while (waiting[0] && waiting[0].startSample < end) {
        const piece = waiting.shift()
        if (piece) sounding.push({ ...piece, file: await open(piece.path) })
      }
      const goingOn: OpenPiece[] = []
      for (const piece of sounding) {
        if (await addPiece(mix, at, piece)) goingOn.push(piece)
        else await piece.file.close()
      }
      sounding = goingOn
      peak = Math.max(peak, peakOf(mix))
      meter?.add(mix)
      await output.write(new Uint8Array(mix.buffer))
    }
  } finally {
    await Promise.all([output, ...sounding.map(({ file }) => file)].map((file) => file.close()))
  }
  return meter === null ? { peak } : { peak, integratedLufs: meter.integratedLufs }
}

const peakOf = (mix: Float32Array): number => {
  let peak = 0
  for (let index = 0; index < mix.length; index += 1) {
    const value = Math.abs(mix[index]!)
    if (value > peak) peak = value
  }
  return peak
}

/** False when there is nothing left of it behind this part of the mix. */
const addPiece = async (mix: Float32Array, at: number, piece: OpenPiece): Promise<boolean> => {
  const from = Math.max(0, at - piece.startSample)
  const offset = Math.max(0, piece.startSample - at)
  const wanted = Math.min(mix.length / SOUND_CHANNELS - offset, piece.samplesMax - from)
  if (wanted <= 0) return false
  const bytes = new Uint8Array(wanted * FRAME_BYTES)
  const { bytesRead } = await piece.file.read(bytes, 0, bytes.length, from * FRAME_BYTES)
  const sound = new Float32Array(bytes.buffer, 0, Math.floor(bytesRead / 4))
  for (let index = 0; index < sound.length; index += 1) {
    const place = offset * SOUND_CHANNELS + index
    mix[place] = mix[place]! + sound[index]! * piece.volume
  }
  return bytesRead === bytes.length
}
