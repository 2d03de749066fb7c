import { MediaError } from '../../domain/failures.ts'
import { correctPlan, planLoudness, TRUE_PEAK_MAX_DBFS } from '../../domain/loudness.ts'
import type { Loudness, LoudnessPlan } from '../../domain/loudness.ts'
import { runFfmpeg } from './process.ts'
import type { FfmpegCommand } from './process.ts'

/** Each round takes away nine tenths of what a limiter cost. */
const CORRECTIONS_MAX = 4
/** Peaks between the samples are seen by the limiter at four times the rate. */
const LIMITER_RATE_HZ = 192_000

export interface LoudnessJob extends Pick<
  FfmpegCommand,
  'ffmpegPath' | 'timeoutMs' | 'signal' | 'onProgress'
> {
  /** Arguments that open the input and choose its stream. */
  readonly input: readonly string[]
  readonly filters: readonly string[]
}

/**
 * Measures a sound behind its filters as EBU R 128 says. *Errors:* those of `runFfmpeg`.
 */
export const measureLoudness = async (job: LoudnessJob): Promise<Loudness> => {
  const { input, filters, ...command } = job
  const { stderrTail } = await runFfmpeg({
    ...command,
    args: [
      ...input,
      // The lines of every tenth of a second are left out; only the summary is wanted.
      ...['-af', [...filters, 'ebur128=peak=true:framelog=verbose'].join()],
      ...['-loglevel', 'info', '-f', 'null', '-'],
    ],
  })
  const summary = stderrTail.slice(stderrTail.lastIndexOf('Summary:'))
  const integratedLufs = /\bI:\s+(-?[\d.]+) LUFS/.exec(summary)?.[1]
  const truePeak = /True peak:\s+Peak:\s+(-?[\d.]+|-inf) dBFS/.exec(summary)?.[1]
  if (integratedLufs === undefined || truePeak === undefined) {
    throw new MediaError('ENCODER_CRASHED', `no loudness in: ${stderrTail}`)
  }
  return {
    // -70 is where the measure begins: there was nothing above the gate.
    integratedLufs: Number(integratedLufs) <= -70 ? null : Number(integratedLufs),
    truePeakDbfs: truePeak === '-inf' ? -Infinity : Number(truePeak),
  }
}

/**
 * Finds what brings a sound to a loudness, by measuring it first: one gain for the whole, so that quiet
 * and loud places keep their distance, and a limiter only where peaks would go over the top. Then what
 * comes out is measured as well, and the gain corrected. *Returns* `null` for silence. `first`: what it
 * would begin with, where somebody has measured the sound already.
 */
export const findLoudnessPlan = async (
  job: LoudnessJob,
  wish: {
    readonly targetLufs: number
    readonly sampleRateHz: number
    readonly first?: LoudnessPlan
  },
): Promise<LoudnessPlan | null> => {
  const { targetLufs, sampleRateHz } = wish
  let plan = wish.first ?? planLoudness(await measureLoudness(job), targetLufs)
  for (let round = 0; plan?.limit && round < CORRECTIONS_MAX; round += 1) {
    const filters = [...job.filters, ...loudnessFilters(plan, sampleRateHz)]
    const corrected = correctPlan(plan, await measureLoudness({ ...job, filters }), targetLufs)
    if (corrected === null) break
    plan = corrected
  }
  return plan
}

/** The plan as filters; they begin and end with any rate and any kind of samples. */
export const loudnessFilters = (plan: LoudnessPlan, sampleRateHz: number): string[] => {
  const top = 10 ** (TRUE_PEAK_MAX_DBFS / 20)
  const limiter = [
    `aresample=${LIMITER_RATE_HZ}`,
    `alimiter=limit=${top.toFixed(4)}:attack=5:release=60:level=false:latency=true`,
    `aresample=${sampleRateHz}`,
  ]
  return [
    'aformat=sample_fmts=dbl',
    `volume=${plan.gainDb.toFixed(2)}dB:precision=double`,
    ...(plan.limit ? limiter : []),
    ...(plan.makeUpDb === 0 ? [] : [`volume=${plan.makeUpDb.toFixed(2)}dB:precision=double`]),
  ]
}
