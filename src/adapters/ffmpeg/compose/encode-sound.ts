import type { LoudnessPlan } from '../../../domain/loudness.ts'
import { findLoudnessPlan, loudnessFilters } from '../loudness.ts'
import { runFfmpeg } from '../process.ts'
import { programsOf, type ComposeTools } from './compose-job.ts'
import { SOUND_CHANNELS, SOUND_ENCODER, SOUND_RATE_HZ } from './film-encoder.ts'

/** A whole sound, mixed: 32-bit floats without a header. */
export interface MixedSound {
  readonly path: string
  /** Above 1 it is louder than can be played. */
  readonly peak: number
}

/** How a mixed sound is opened; it is a file of ours. */
const inputOf = ({ path }: MixedSound): string[] => [
  ...['-f', 'f32le', '-ar', String(SOUND_RATE_HZ), '-ac', String(SOUND_CHANNELS)],
  ...['-i', `file:${path}`],
]

/** Holds back what would go over the top, and leaves everything else as loud as it is. */
const HOLD_PEAKS: LoudnessPlan = { gainDb: 0, limit: true, makeUpDb: 0 }

/**
 * Encodes the sound of a film, once and as a whole, as AAC in an MP4. *Loudness:* the whole is brought
 * to it by one gain; null: it stays as loud as it is, but for peaks that nothing could play.
 */
export const encodeSound = async (
  tools: ComposeTools,
  sound: MixedSound,
  {
    loudnessLufs,
    outputPath,
  }: { readonly loudnessLufs: number | null; readonly outputPath: string },
): Promise<void> => {
  const programs = programsOf(tools)
  const measured =
    loudnessLufs === null || sound.peak === 0
      ? null
      : await findLoudnessPlan(
          { ...programs, input: inputOf(sound), filters: [] },
          { targetLufs: loudnessLufs, sampleRateHz: SOUND_RATE_HZ },
        )
  const isTooLoud = sound.peak > 1
  const plan = measured ?? (isTooLoud ? HOLD_PEAKS : null)
  await runFfmpeg({
    ...programs,
    args: [
      ...inputOf(sound),
      ...(plan ? ['-af', loudnessFilters(plan, SOUND_RATE_HZ).join()] : []),
      ...[...SOUND_ENCODER, '-map_metadata', '-1', '-f', 'mp4', `file:${outputPath}`],
    ],
  })
}
