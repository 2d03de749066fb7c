/** What the large streaming services play at. */
export const LOUDNESS_TARGET_LUFS = -14
/** Room for what lossy codecs add between the samples. */
export const TRUE_PEAK_MAX_DBFS = -1.5
/** Closer than this counts as reached: half a unit is promised, and codecs move a little too. */
const NEAR_ENOUGH_LU = 0.2

/** As ITU-R BS.1770 and EBU R 128 measure it. */
export interface Loudness {
  /** Of the whole; `null` if there is only silence. */
  readonly integratedLufs: number | null
  readonly truePeakDbfs: number
}

/** What is done to a sound so that it gets a loudness. */
export interface LoudnessPlan {
  readonly gainDb: number
  /** True: peaks would go over the top and are held back. */
  readonly limit: boolean
  /** Given back behind the limiter for what the encoder will take: LAME makes 128 kbit/s half a dB quieter. */
  readonly makeUpDb: number
}

/**
 * The gain that brings a sound to a loudness, and whether it needs a limiter. `null` for silence, which
 * has no loudness to bring anywhere.
 */
export const planLoudness = (measured: Loudness, targetLufs: number): LoudnessPlan | null => {
  if (measured.integratedLufs === null) return null
  const gainDb = targetLufs - measured.integratedLufs
  return { gainDb, limit: measured.truePeakDbfs + gainDb > TRUE_PEAK_MAX_DBFS, makeUpDb: 0 }
}

const missingLu = (measured: Loudness, targetLufs: number): number => {
  if (measured.integratedLufs === null) return 0
  const missing = targetLufs - measured.integratedLufs
  return Math.abs(missing) <= NEAR_ENOUGH_LU ? 0 : missing
}

/** A limiter takes loudness away too: the plan corrected by what was measured behind it, or `null`. */
export const correctPlan = (
  plan: LoudnessPlan,
  measured: Loudness,
  targetLufs: number,
): LoudnessPlan | null => {
  const missing = missingLu(measured, targetLufs)
  return missing === 0 ? null : { ...plan, gainDb: plan.gainDb + missing }
}

/** The plan corrected by what was measured of the encoded sound, or `null` if that is near enough. */
export const makeUpForEncoder = (
  plan: LoudnessPlan,
  measured: Loudness,
  targetLufs: number,
): LoudnessPlan | null => {
  const missing = missingLu(measured, targetLufs)
  return missing === 0 ? null : { ...plan, makeUpDb: plan.makeUpDb + missing }
}
