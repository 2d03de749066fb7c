import type { MediaId } from './ids.ts'
import type { FrameRate, Resolution } from './frame-size.ts'

/** What a customer chooses about the look of a video. */
export interface VideoSettings {
  readonly title: string
  readonly artist: string
  /** `#rrggbb`. */
  readonly accentColor: string
  /** A picture of ours that takes the place of the song's cover; null: the cover. */
  readonly backgroundMediaId: MediaId | null
  readonly frameRate: FrameRate
  readonly resolution: Resolution
}
