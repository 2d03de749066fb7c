import type { MediaStream } from './media-probe.ts'

/** Above this a nominal rate is no rate but the clock of a recording with a varying one. */
const STEADY_RATE_MAX = 60
const SAME_RATE_RATIO = 0.01
const FALLBACK_RATE = 25

/**
 * The constant rate at which a source is converted. A varying one is given a rate that keeps its frames
 * in their places: every one of them if 60 suffice for that, otherwise 30, or 60 for a lively source.
 */
export const steadyFrameRate = (stream: MediaStream): number => {
  const { frameRate: mean = 0, nominalFrameRate: nominal = 0 } = stream
  if (mean <= 0 && nominal <= 0) return FALLBACK_RATE
  if (nominal > 0 && nominal <= STEADY_RATE_MAX) return nominal
  if (mean > 0 && Math.abs(nominal / mean - 1) <= SAME_RATE_RATIO) return mean
  return mean > 30 ? STEADY_RATE_MAX : 30
}

/** As FFmpeg takes it: 29.97 is 30000/1001, without which a long video loses its sound's step. */
export const frameRateText = (rate: number): string => {
  const whole = Math.round((rate * 1001) / 1000)
  const isBroadcast = Math.abs(rate - Math.round(rate)) > 0.001
  if (isBroadcast && Math.abs(rate - (whole * 1000) / 1001) < 0.005) return `${whole * 1000}/1001`
  return String(Math.round(rate * 1000) / 1000)
}
