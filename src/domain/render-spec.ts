import type { FrameRate, FrameSize } from './frame-size.ts'

/** The looks that a video can have. */
export const TEMPLATES = ['spectrum-bars', 'radial', 'waveform'] as const
export type Template = (typeof TEMPLATES)[number]
export const DEFAULT_TEMPLATE: Template = 'spectrum-bars'
export const DEFAULT_ACCENT_COLOR = '#ff5c7a'

/** Everything that decides the pixels of a video, apart from the audio and the pictures. */
export interface RenderSpec extends FrameSize {
  readonly template: Template
  readonly frameRate: FrameRate
  /** 10-bit, BT.2020 primaries, PQ transfer. */
  readonly hdr: boolean
  readonly title: string
  readonly artist: string
  /** `#rrggbb`. */
  readonly accentColor: string
  /** x264/x265 constant rate factor: lower is better and larger. */
  readonly crf: number
}

/** The number of frames of a video: the audio's length to the nearest frame, at least one. */
export const frameCount = (durationSeconds: number, frameRate: number): number =>
  Math.max(1, Math.round(durationSeconds * frameRate))
