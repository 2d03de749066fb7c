/** A filter of second order: what goes in, against what came out before. */
interface Biquad {
  readonly b: readonly [number, number, number]
  readonly a: readonly [number, number]
}

/** How the head colours a sound, and what of its depth is heard, at 48 kHz. *Source:* ITU-R BS.1770-5,
 * tables 1 and 2. */
const HEAD: Biquad = {
  b: [1.53512485958697, -2.69169618940638, 1.19839281085285],
  a: [-1.69065929318241, 0.73248077421585],
}
const DEPTH: Biquad = { b: [1, -2, 1], a: [-1.99004745483398, 0.99007225036621] }

const HOP_SAMPLES = 4_800
/** Blocks of 400 ms begin every 100 ms. */
const HOPS_PER_BLOCK = 4
const SILENCE_LUFS = -70
/** What is so far below the rest does not count. */
const QUIET_LU = 10

const lufsOf = (power: number): number => -0.691 + 10 * Math.log10(power)
const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, one) => sum + one, 0) / numbers.length

/** What a channel's filters remember: of each its last two values, in and out. */
const channelState = () => new Float64Array(6)

/**
 * Measures the loudness of a stereo sound at 48 kHz as it passes by: as ITU-R BS.1770 and EBU R 128 say,
 * of the whole, gated.
 */
export class LoudnessMeter {
  readonly #left = channelState()
  readonly #right = channelState()
  /** The power of each tenth of a second. */
  readonly #hops: number[] = []
  #sum = 0
  #count = 0

  /** Takes the next samples: left, right, left, right. */
  add(samples: Float32Array): void {
    for (let index = 0; index + 1 < samples.length; index += 2) {
      const left = weighted(this.#left, samples[index]!)
      const right = weighted(this.#right, samples[index + 1]!)
      this.#sum += left * left + right * right
      this.#count += 1
      if (this.#count === HOP_SAMPLES) {
        this.#hops.push(this.#sum / HOP_SAMPLES)
        this.#sum = 0
        this.#count = 0
      }
    }
  }

  /** Null when there is nothing to be heard, or less than one block. */
  get integratedLufs(): number | null {
    const blocks = this.#hops
      .slice(0, Math.max(0, this.#hops.length - HOPS_PER_BLOCK + 1))
      .map((_, index) => mean(this.#hops.slice(index, index + HOPS_PER_BLOCK)))
    const heard = blocks.filter((power) => lufsOf(power) > SILENCE_LUFS)
    if (heard.length === 0) return null
    const gateLufs = lufsOf(mean(heard)) - QUIET_LU
    return lufsOf(mean(heard.filter((power) => lufsOf(power) > gateLufs)))
  }
}

/** One sample through both filters, whose state is [x1, x2, y1, y2 (the next one's x1, x2), z1, z2]. */
const weighted = (state: Float64Array, sample: number): number => {
  const x1 = state[0]!
  const y1 = state[2]!
  const y2 = state[3]!
  const z1 = state[4]!
  const y =
    HEAD.b[0] * sample + HEAD.b[1] * x1 + HEAD.b[2] * state[1]! - HEAD.a[0] * y1 - HEAD.a[1] * y2
  const z =
    DEPTH.b[0] * y + DEPTH.b[1] * y1 + DEPTH.b[2] * y2 - DEPTH.a[0] * z1 - DEPTH.a[1] * state[5]!
  state[1] = x1
  state[0] = sample
  state[3] = y1
  state[2] = y
  state[5] = z1
  state[4] = z
  return z
}
