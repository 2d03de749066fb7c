import { open, type FileHandle } from 'node:fs/promises'

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

/**
 * Lays sounds over each other, each at its sample, into one file of the whole length. *Returns* the
 * highest peak: above 1 the sum is louder than can be played.
 */
export const mixSound = async (
  outputPath: string,
  pieces: readonly SoundPiece[],
  totalSamples: number,
  signal?: AbortSignal,
): Promise<{ readonly peak: number }> => {
  const waiting = pieces.toSorted((one, other) => one.startSample - other.startSample)
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
      for (const value of mix) peak = Math.max(peak, Math.abs(value))
      await output.write(new Uint8Array(mix.buffer))
    }
  } finally {
    await Promise.all([output, ...sounding.map(({ file }) => file)].map((file) => file.close()))
  }
  return { peak }
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
    mix[place] = (mix[place] ?? 0) + (sound[index] ?? 0) * piece.volume
  }
  return bytesRead === bytes.length
}
