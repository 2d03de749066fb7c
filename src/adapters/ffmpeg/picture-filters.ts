import type { MediaStream } from '../../domain/media-probe.ts'
import type { PictureFit } from '../../domain/picture-size.ts'

const HDR_TRANSFERS = new Set(['smpte2084', 'arib-std-b67'])

const isHdr = (stream: MediaStream): boolean => HDR_TRANSFERS.has(stream.colorTransfer ?? '')

const isTold = (tag: string | undefined): tag is string =>
  tag !== undefined && tag !== 'unknown' && tag !== 'unspecified' && tag !== 'reserved'

/**
 * High dynamic range to BT.709. Mobius leaves what fits into the small range as it is; hable made the
 * same green a third darker. What the file does not say of its colours is what HDR10 and HLG mean.
 */
export const toneMap = (
  colours: Pick<MediaStream, 'colorPrimaries' | 'colorTransfer' | 'colorSpace'>,
): string[] => {
  const { colorPrimaries, colorTransfer, colorSpace } = colours
  const primaries = isTold(colorPrimaries) ? colorPrimaries : 'bt2020'
  const matrix = isTold(colorSpace) ? colorSpace : 'bt2020nc'
  return [
    `setparams=color_primaries=${primaries}:color_trc=${colorTransfer}:colorspace=${matrix}`,
    'zscale=t=linear:npl=203',
    'format=gbrpf32le',
    'tonemap=mobius:desat=0',
    // Said at once, or the matrix is left to the next filter, which takes another one.
    'zscale=p=bt709:t=bt709:m=bt709:r=tv',
    'format=yuv420p',
  ]
}

/** What the picture is made for: it decides on range and matrix of the colours. */
export type PictureUse = 'video' | 'film' | 'jpeg' | 'webp' | 'avif' | 'rgb'

/** JPEG and WebP know one matrix only; a decoder takes every picture for BT.601. */
const COLOURS_OF_USE: Record<PictureUse, string> = {
  video: 'out_range=tv',
  // Pictures of many sources in one film need one matrix.
  film: 'out_color_matrix=bt709:out_range=tv',
  jpeg: 'out_color_matrix=bt601:out_range=pc,format=yuvj420p',
  webp: 'out_color_matrix=bt601:out_range=tv,format=yuv420p',
  avif: 'out_color_matrix=bt709:out_range=tv,format=yuv420p',
  rgb: 'out_range=pc,format=rgb24',
}
const USES_WITH_ALPHA: Partial<Record<PictureUse, string>> = {
  webp: 'out_color_matrix=bt601:out_range=tv,format=yuva420p',
  rgb: 'out_range=pc,format=rgba',
}
const HAS_ALPHA = /^(yuva|rgba|bgra|argb|abgr|gbrap|ya\d|pal8)/
const IS_RGB = /^(rgb|bgr|argb|abgr|gbr|0rgb|0bgr|pal8|gray|mono|ya\d)/

/** Video of this height without a word about its colours is BT.709 for every player. */
const HD_HEIGHT_PX = 576

/**
 * Brings a decoded (and by its rotation turned) picture to its size, with square pixels, 8 bits and
 * colours of small dynamic range. Scaling comes first, for tone-mapping works in floating point.
 */
export const pictureFilters = (
  stream: MediaStream,
  { picture, canvas }: PictureFit,
  use: PictureUse,
): string[] => {
  const isCut = picture.widthPx > canvas.widthPx || picture.heightPx > canvas.heightPx
  const isPadded = picture.widthPx < canvas.widthPx || picture.heightPx < canvas.heightPx
  const hdr = isHdr(stream)
  const hasAlpha = HAS_ALPHA.test(stream.pixelFormat ?? '')
  const colours = (hasAlpha ? USES_WITH_ALPHA[use] : undefined) ?? COLOURS_OF_USE[use]
  const isGuessed = !hdr && !isTold(stream.colorSpace) && !IS_RGB.test(stream.pixelFormat ?? '')
  const guess = (stream.heightPx ?? 0) > HD_HEIGHT_PX ? 'bt709' : 'bt601'
  const size = `scale=${picture.widthPx}:${picture.heightPx}:flags=bicubic`
  return [
    // Chroma of every second line and column needs even sizes on the way; a still ends odd as well.
    ...(hdr ? [size, ...toneMap(stream), `scale=${colours}`] : []),
    ...(hdr
      ? []
      : [`${size}:${isGuessed && use !== 'video' ? `in_color_matrix=${guess}:` : ''}${colours}`]),
    ...(use === 'video' || use === 'film' ? ['format=yuv420p'] : []),
    ...(isCut ? [`crop=${canvas.widthPx}:${canvas.heightPx}`] : []),
    ...(isPadded ? [`pad=${canvas.widthPx}:${canvas.heightPx}:(ow-iw)/2:(oh-ih)/2:black`] : []),
    'setsar=1',
  ]
}
