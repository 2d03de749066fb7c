import type { PictureFit } from '../../../domain/picture-size.ts'
import { fitPicture } from '../../../domain/picture-size.ts'
import type { FrameSize } from '../../../domain/frame-size.ts'
import type { MediaStream } from '../../../domain/media-probe.ts'
import { framesPerSecond, frameClock, type RationalRate } from '../../../domain/rational-rate.ts'
import { pictureFilters } from '../picture-filters.ts'

/** Sound on its way through a plan: one shape for all. */
export const SOUND_RATE_HZ = 48_000
export const SOUND_CHANNELS = 2

/** Results are often made into others (joined, captioned): there has to be something left to lose. */
const CRF = 18
const KEY_FRAME_SECONDS = 2

/** H.264 that is set up in the same way every time, so that what it makes can be joined by copying. */
export const filmEncoderArguments = (rate: RationalRate): string[] => [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', String(CRF)],
  ...['-g', String(Math.round(framesPerSecond(rate) * KEY_FRAME_SECONDS)), '-pix_fmt', 'yuv420p'],
  ...['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'],
  ...['-color_range', 'tv', '-video_track_timescale', String(frameClock(rate).timescale)],
]

export const SOUND_ENCODER: readonly string[] = [
  ...['-c:a', 'aac', '-b:a', '192k', '-ar', String(SOUND_RATE_HZ)],
  ...['-ac', String(SOUND_CHANNELS)],
]

/** As FFmpeg takes it. */
export const rateText = ({ numerator, denominator }: RationalRate): string =>
  denominator === 1 ? String(numerator) : `${numerator}/${denominator}`

/** Alpha makes transparent what then shows black, and not the colour that hides there. */
const TRANSPARENT = /^(yuva|rgba|bgra|argb|abgr|gbrap|ya\d|pal8)/

/** Whether pictures of this kind may have holes. */
export const mayBeTransparent = ({ pixelFormat }: MediaStream): boolean =>
  TRANSPARENT.test(pixelFormat ?? '')

const BT709 = 'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709'

/** Brings decoded pictures to the canvas of a film, on black where they leave room. */
export const filmFilters = (
  stream: MediaStream,
  source: FrameSize,
  { canvas, fit }: { readonly canvas: FrameSize; readonly fit: 'contain' | 'cover' },
): string[] => {
  const picture: PictureFit = fitPicture(
    source,
    { ...canvas, fit: fit === 'contain' ? 'pad' : 'cover' },
    { even: true },
  )
  return [
    ...(mayBeTransparent(stream) ? ['format=gbrap', 'premultiply=inplace=1'] : []),
    ...pictureFilters(stream, picture, 'film'),
    BT709,
  ]
}
