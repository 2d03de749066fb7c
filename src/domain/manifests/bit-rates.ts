import { trackDurationSeconds } from '../stream-description.ts'
import type { SegmentedTrack } from '../stream-description.ts'

/** Bits in a second of a track, over all of it. */
export const averageBitsPerSecond = (track: SegmentedTrack): number => {
  const bits = track.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes * 8, 0)
  return Math.ceil(bits / (trackDurationSeconds(track) || 1))
}

/** The longest segment, to the nearest second: what a playlist states. */
export const targetSeconds = (track: SegmentedTrack): number =>
  Math.max(
    1,
    ...track.segments.map(({ durationTicks }) => Math.round(durationTicks / track.timescale)),
  )

/**
 * Bits in a second where the track has the most: over any run of segments that lasts between a half and
 * one and a half of the target, so that a last segment of one frame does not count for a second.
 * *Source:* RFC 8216, 4.1, "peak segment bit rate".
 */
export const peakBitsPerSecond = (track: SegmentedTrack): number => {
  const target = targetSeconds(track)
  let peak = 0
  track.segments.forEach((_, first) => {
    let seconds = 0
    let bits = 0
    for (let next = first; next < track.segments.length; next += 1) {
      const segment = track.segments[next]
      seconds += (segment?.durationTicks ?? 0) / track.timescale
      bits += (segment?.sizeBytes ?? 0) * 8
      if (seconds > target * 1.5) break
      if (seconds >= target / 2) peak = Math.max(peak, bits / seconds)
    }
  })
  return Math.ceil(peak) || averageBitsPerSecond(track)
}
