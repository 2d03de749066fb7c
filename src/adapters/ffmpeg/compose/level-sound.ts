import { planLoudness, type LoudnessPlan } from '../../../domain/loudness.ts'
import { findLoudnessPlan, loudnessFilters } from '../loudness.ts'
import { programsOf, type ComposeTools } from './compose-job.ts'
import { SOUND_CHANNELS, SOUND_RATE_HZ } from './film-encoder.ts'
import type { MixedSound } from './mix-sound.ts'

/** How a mixed sound is opened; it is a file of ours. */
export const mixedSoundInput = (path: string): string[] => [
  ...['-f', 'f32le', '-ar', String(SOUND_RATE_HZ), '-ac', String(SOUND_CHANNELS)],
  ...['-i', `file:${path}`],
]

/** Holds back what would go over the top, and leaves everything else as loud as it is. */
const HOLD_PEAKS: LoudnessPlan = { gainDb: 0, limit: true, makeUpDb: 0 }

/** What the wave between two samples may rise above them: half of it for a tone at a quarter of the rate,
 * which is the most that is met. */
const BETWEEN_SAMPLES_DB = 6

/**
 * The filters that bring a mixed sound to a loudness, by one gain for the whole; null: it stays as loud
 * as it is, but for peaks that nothing could play.
 */
export const levelFilters = async (
  tools: ComposeTools,
  path: string,
  { sound, loudnessLufs }: { readonly sound: MixedSound; readonly loudnessLufs: number | null },
): Promise<readonly string[]> => {
  const plan =
    loudnessLufs === null || sound.peak === 0
      ? null
      : await planOf(tools, path, { sound, targetLufs: loudnessLufs })
  const isTooLoud = sound.peak > 1
  const chosen = plan ?? (isTooLoud ? HOLD_PEAKS : null)
  return chosen === null ? [] : loudnessFilters(chosen, SOUND_RATE_HZ)
}

const planOf = async (
  tools: ComposeTools,
  path: string,
  { sound, targetLufs }: { readonly sound: MixedSound; readonly targetLufs: number },
): Promise<LoudnessPlan | null> => {
  const known = knownPlan(sound, targetLufs)
  if (known === null || known?.limit === false) return known
  return await findLoudnessPlan(
    { ...programsOf(tools), input: mixedSoundInput(path), filters: [] },
    { targetLufs, sampleRateHz: SOUND_RATE_HZ, ...(known === undefined ? {} : { first: known }) },
  )
}

/** The first plan, as far as it follows from what was found out while mixing. Undefined: it does not. */
const knownPlan = (
  { peak, integratedLufs }: MixedSound,
  targetLufs: number,
): LoudnessPlan | null | undefined => {
  if (integratedLufs === undefined) return undefined
  const peakDbfs = 20 * Math.log10(peak)
  const [least, most] = [peakDbfs, peakDbfs + BETWEEN_SAMPLES_DB].map((truePeakDbfs) =>
    planLoudness({ integratedLufs, truePeakDbfs }, targetLufs),
  )
  // Where the samples stay below the top and what lies between them might not, it has to be measured.
  return least?.limit === most?.limit ? least : undefined
}
