import { join } from 'node:path'

import type { ComposeTools } from './compose-job.ts'
import { levelFilters } from './level-sound.ts'
import { mixSound, type SoundPiece } from './mix-sound.ts'

export interface TracksToMix {
  readonly pieces: readonly SoundPiece[]
  /** Of the whole. */
  readonly samples: number
  /** Null: as loud as it is. */
  readonly loudnessLufs: number | null
}

/** A sound that waits to be encoded, once and as a whole. */
export interface MixedTracks {
  /** 32-bit floats without a header. */
  readonly path: string
  /** What makes it as loud as it shall be. */
  readonly filters: readonly string[]
}

/** Mixes sounds into one. Null where there is none. */
export const mixTracks = async (
  tools: ComposeTools,
  { pieces, samples, loudnessLufs }: TracksToMix,
): Promise<MixedTracks | null> => {
  if (pieces.length === 0) return null
  const path = join(tools.folder, 'sound.f32')
  const sound = await mixSound(path, pieces, {
    totalSamples: samples,
    isMeasured: loudnessLufs !== null,
    ...(tools.signal ? { signal: tools.signal } : {}),
  })
  return { path, filters: await levelFilters(tools, path, { sound, loudnessLufs }) }
}
