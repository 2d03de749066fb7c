/** How much of what a file from outside may bring. A plan may narrow these, never widen them. */
export interface MediaLimits {
  readonly sizeBytesMax: number
  readonly durationSecondsMax: number
  readonly streamsMax: number
  readonly pixelsMax: number
  readonly frameRateMax: number
  readonly channelsMax: number
  readonly sampleRateHzMax: number
}

export const MEDIA_LIMITS: MediaLimits = {
  // An hour of 1080p at 4 Mbit/s, or six hours of lossless stereo.
  sizeBytesMax: 2_000_000_000,
  // The longest podcasts; ten hours of silence are a cheap way to keep an encoder busy.
  durationSecondsMax: 4 * 60 * 60,
  streamsMax: 32,
  // 7680 × 4320: a 16,000 × 16,000 picture took 1.4 GB of memory for one thumbnail.
  pixelsMax: 33_177_600,
  // What Mastodon allows too; a header may claim a million.
  frameRateMax: 120,
  // 7.1; a WAV header may claim 65,535.
  channelsMax: 8,
  sampleRateHzMax: 192_000,
}
