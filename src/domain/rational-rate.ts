/** Frames in a second, exactly: 30000/1001 is not 29.97. */
export interface RationalRate {
  readonly numerator: number
  readonly denominator: number
}

export const framesPerSecond = ({ numerator, denominator }: RationalRate): number =>
  numerator / denominator

const rate = (numerator: number, denominator = 1): RationalRate => ({ numerator, denominator })

/** The rates that cameras, screens and programs make, from slow to fast. */
const COMMON_RATES: readonly RationalRate[] = [
  ...[1, 2, 3, 4, 5, 6, 8, 10, 12].map((whole) => rate(whole)),
  rate(25, 2),
  ...[15, 20].map((whole) => rate(whole)),
  rate(24_000, 1001),
  ...[24, 25].map((whole) => rate(whole)),
  rate(30_000, 1001),
  ...[30, 40, 48, 50].map((whole) => rate(whole)),
  rate(60_000, 1001),
  ...[60, 72, 75, 90, 100].map((whole) => rate(whole)),
  rate(120_000, 1001),
  rate(120),
]

/** The common rate that is the closest by proportion. */
export const nearestCommonRate = (frames: number): RationalRate => {
  const distance = (one: RationalRate) => Math.abs(Math.log(framesPerSecond(one) / frames))
  return COMMON_RATES.reduce((best, next) => (distance(next) < distance(best) ? next : best))
}

/** The slowest common rate that loses none of so many frames a second, with a hundredth of slack. */
export const commonRateAbove = (frames: number): RationalRate =>
  COMMON_RATES.find((one) => framesPerSecond(one) >= frames * 0.99) ?? rate(120)

/** A rate to the thousandth of a frame, for constant ones that are not common. */
export const rateInThousandths = (frames: number): RationalRate =>
  rate(Math.max(1, Math.round(frames * 1_000)), 1_000)

/** The rate or, if it is over the limit, the largest whole part of it that is not: 120 becomes 60. */
export const rateWithin = (one: RationalRate, framesMax: number): RationalRate => {
  const divisor = Math.ceil(framesPerSecond(one) / (framesMax * 1.01))
  return divisor <= 1 ? one : rate(one.numerator, one.denominator * divisor)
}

/** Ticks in which the times of frames are counted. */
export interface FrameClock {
  readonly timescale: number
  readonly ticksPerFrame: number
}

/**
 * A clock on which every frame begins at a whole tick, and the ticks of one frame. Finer than a
 * millisecond, which is what players round to.
 */
export const frameClock = ({ numerator, denominator }: RationalRate): FrameClock => {
  const factor = numerator < 1_000 ? 1_000 : 1
  return { timescale: numerator * factor, ticksPerFrame: denominator * factor }
}
