import { join } from 'node:path'

import type { ComposeTools } from './compose-job.ts'
import { encodeSound } from './encode-sound.ts'
import { mixSound, type SoundPiece } from './mix-sound.ts'

export interface TracksToMix {
  readonly pieces: readonly SoundPiece[]
  /** Of the whole. */
  readonly samples: number
  /** Null: as loud as it is. */
  readonly loudnessLufs: number | null
}

/** Mixes sounds into one, and encodes it once. Null where there is none. */
export const mixTracks = async (
  tools: ComposeTools,
  { pieces, samples, loudnessLufs }: TracksToMix,
): Promise<{ readonly path: string } | null> => {
  if (pieces.length === 0) return null
  const path = join(tools.folder, 'sound.f32')
  const outputPath = join(tools.folder, 'sound-encoded')
  const { peak } = await mixSound(path, pieces, samples, tools.signal)
  await encodeSound(tools, { path, peak }, { loudnessLufs, outputPath })
  return { path: outputPath }
}
