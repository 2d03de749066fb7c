/** Picture formats of a video and their sizes in pixels. */

export const FORMATS = ['16:9', '9:16', '1:1', '4:5'] as const
export type Format = (typeof FORMATS)[number]

/** The length of a frame's short side; 4:5 and 9:16 stand upright, 16:9 lies. */
export const RESOLUTIONS = [720, 1080] as const
export type Resolution = (typeof RESOLUTIONS)[number]

export const FRAME_RATES = [30, 60] as const
export type FrameRate = (typeof FRAME_RATES)[number]

export interface FrameSize {
  readonly widthPx: number
  readonly heightPx: number
}

const LONG_SIDE_RATIO: Record<Format, number> = {
  '16:9': 16 / 9,
  '9:16': 16 / 9,
  '1:1': 1,
  '4:5': 5 / 4,
}

/** Even sizes only: 4:2:0 chroma needs them. */
export const frameSize = (format: Format, resolution: Resolution): FrameSize => {
  const long = Math.round((resolution * LONG_SIDE_RATIO[format]) / 2) * 2
  return format === '16:9'
    ? { widthPx: long, heightPx: resolution }
    : { widthPx: resolution, heightPx: long }
}
