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
}

/**
 * The gain that brings a sound to a loudness, and whether it needs a limiter. `null` for silence, which
 * has no loudness to bring anywhere.
 */
export const planLoudness = (measured: Loudness, targetLufs: number): LoudnessPlan | null => {
  if (measured.integratedLufs === null) return null
  const gainDb = targetLufs - measured.integratedLufs
  return { gainDb, limit: measured.truePeakDbfs + gainDb > TRUE_PEAK_MAX_DBFS }
}

/** A limiter takes loudness away too: the plan corrected by what was measured behind it, or `null`. */
export const correctPlan = (
  plan: LoudnessPlan,
  measured: Loudness,
  targetLufs: number,
): LoudnessPlan | null => {
  if (measured.integratedLufs === null) return null
  const missingLu = targetLufs - measured.integratedLufs
  return Math.abs(missingLu) <= NEAR_ENOUGH_LU ? null : { ...plan, gainDb: plan.gainDb + missingLu }
}
