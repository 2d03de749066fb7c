import { stat } from 'node:fs/promises'

import type { PlannedClip } from '../../../domain/generation/compose/merge-plan.ts'
import { framesPerSecond, type RationalRate } from '../../../domain/rational-rate.ts'
import { runFfmpeg } from '../process.ts'
import { safeInput } from '../safe-input.ts'
import { programsOf, type ComposeTools } from './compose-job.ts'
import { SOUND_CHANNELS, SOUND_RATE_HZ } from './film-encoder.ts'

/** A sound that is taken out of a file. */
export interface SoundWish {
  readonly inputPath: string
  /** As ffmpeg chooses it within the file: `1`, `a:0`. */
  readonly stream: string
  readonly filters: readonly string[]
  /** 32-bit floats without a header. */
  readonly outputPath: string
}

/** Half of the time of a short clip goes into starting a process. More at once would cost memory. */
const AT_ONCE = 16

/** Decodes sounds into the shape that all are mixed in. */
export const takeSounds = async (
  tools: ComposeTools,
  wishes: readonly SoundWish[],
): Promise<void> => {
  for (let first = 0; first < wishes.length; first += AT_ONCE) {
    const batch = wishes.slice(first, first + AT_ONCE)
    await runFfmpeg({
      ...programsOf(tools),
      args: [
        ...batch.flatMap(({ inputPath }) => safeInput({ path: inputPath })),
        ...batch.flatMap(({ stream, filters, outputPath }, index) => [
          ...['-map', `${index}:${stream}`, '-af', filters.join(), '-c:a', 'pcm_f32le'],
          ...['-f', 'f32le', `file:${outputPath}`],
        ]),
      ],
    })
  }
}

/** How long a sound is that was taken. */
export const takenSeconds = async (path: string): Promise<number> =>
  (await stat(path)).size / (SOUND_CHANNELS * 4) / SOUND_RATE_HZ

/** The sample at which a frame begins. */
export const sampleAt = (frame: number, rate: RationalRate): number =>
  Math.round((frame / framesPerSecond(rate)) * SOUND_RATE_HZ)

/** Begins with the pictures, and is silent where the source has a hole. */
export const toSoundShape = (): string[] => [
  `aresample=${SOUND_RATE_HZ}:async=1:first_pts=0`,
  `aformat=sample_fmts=flt:sample_rates=${SOUND_RATE_HZ}:channel_layouts=stereo`,
]

/** The sound of a clip from its first frame to its last; what is missing at its end is silence. */
export const soundOfClip = ({ frames, slowdown }: PlannedClip, rate: RationalRate): string[] => [
  ...toSoundShape(),
  ...tempo(1 / slowdown),
  `atrim=end_sample=${sampleAt(frames, rate)}`,
]

/** FFmpeg plays no slower than by half at a time. */
const tempo = (factor: number): string[] => {
  if (factor === 1) return []
  return factor < 0.5 ? ['atempo=0.5', ...tempo(factor * 2)] : [`atempo=${factor.toFixed(9)}`]
}
