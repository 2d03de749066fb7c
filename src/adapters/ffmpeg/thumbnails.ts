import { MediaError } from '../../domain/failures.ts'
import type { FrameSize } from '../../domain/frame-size.ts'
import { videoStreams } from '../../domain/media-probe.ts'
import type { MediaStream } from '../../domain/media-probe.ts'
import { findBestFrame } from './best-frame.ts'
import { probe } from './probe.ts'
import { runFfmpeg } from './process.ts'
import { MEDIA_FORMATS, safeInput } from './safe-input.ts'

const LANDSCAPE: FrameSize = { widthPx: 1280, heightPx: 720 }
const SQUARE: FrameSize = { widthPx: 1080, heightPx: 1080 }
/** mjpeg's scale from 2 (best) to 31. */
const JPEG_QUALITY = '3'
/** Shapes closer than this are taken for the same: a backdrop of two pixels looks like a mistake. */
const SAME_SHAPE_RATIO = 0.01

/** Mobius leaves what fits into the small range as it is; hable made the same green a third darker. */
const TONE_MAP = [
  'zscale=t=linear:npl=203',
  'format=gbrpf32le',
  'tonemap=mobius:desat=0',
  'zscale=p=bt709:t=bt709:m=bt709:r=tv',
]
const HDR_TRANSFERS = new Set(['smpte2084', 'arib-std-b67'])

export interface ThumbnailsOptions {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly videoPath: string
  /** Absolute; a JPEG of 1280 × 720 is written here. */
  readonly landscapePath: string
  /** Absolute; a JPEG of 1080 × 1080 is written here. */
  readonly squarePath: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/**
 * Takes the liveliest frame of a video as a landscape and a square JPEG. A black frame is taken only if
 * the video has no other. Nothing is cut off: a picture of another shape is laid on a blurred copy of
 * itself. High dynamic range is tone-mapped; rotation and pixel shape are applied.
 *
 * *Returns* the frame's position. *Errors:* MEDIA_UNREADABLE (no pictures), those of `probe` and
 * `runFfmpeg`. *Cancellation:* ffmpeg gets SIGTERM, then SIGKILL after 5 s.
 */
export const makeThumbnails = async (
  options: ThumbnailsOptions,
): Promise<{ readonly timeSeconds: number }> => {
  const { ffmpegPath, ffprobePath, videoPath, timeoutMs, landscapePath, squarePath } = options
  const cancel = options.signal ? { signal: options.signal } : {}
  const video = await probe({ ffprobePath, path: videoPath, ...cancel })
  const [stream] = videoStreams(video)
  if (!stream) throw new MediaError('MEDIA_UNREADABLE', 'no pictures to take a thumbnail of')

  const durationSeconds = video.durationSeconds ?? 0
  const search = { ffmpegPath, path: videoPath, durationSeconds, timeoutMs, ...cancel }
  const timeSeconds = await findBestFrame(search)
  const jpeg = (label: string, path: string): string[] => [
    ...['-map', `[${label}]`, '-frames:v', '1', '-c:v', 'mjpeg', '-q:v', JPEG_QUALITY],
    ...['-map_metadata', '-1', '-f', 'image2', '-update', '1', `file:${path}`],
  ]
  await runFfmpeg({
    ffmpegPath,
    args: [
      ...safeInput({ path: videoPath, options: ['-ss', timeSeconds.toFixed(6)] }),
      ...['-filter_complex', thumbnailGraph(stream)],
      ...jpeg('landscape', landscapePath),
      ...jpeg('square', squarePath),
    ],
    timeoutMs,
    ...cancel,
  })
  await verifyJpeg({ ffprobePath, path: landscapePath, size: LANDSCAPE, ...cancel })
  await verifyJpeg({ ffprobePath, path: squarePath, size: SQUARE, ...cancel })
  return { timeSeconds }
}

const thumbnailGraph = (stream: MediaStream): string => {
  const picture = [
    ...(HDR_TRANSFERS.has(stream.colorTransfer ?? '') ? TONE_MAP : []),
    // Square pixels from here on.
    'scale=trunc(iw*sar/2)*2:trunc(ih/2)*2',
    'setsar=1',
    'format=yuv420p',
    'split=2[forLandscape][forSquare]',
  ]
  return [
    `[0:v:0]${picture.join()}`,
    onBackdrop('forLandscape', 'landscape', LANDSCAPE),
    onBackdrop('forSquare', 'square', SQUARE),
  ].join(';')
}

/**
 * Fits the picture into the frame, over a blurred, darkened copy that fills it. The copy is blurred at an
 * eighth of its size: the same look for a sixtieth of the work.
 */
const onBackdrop = (from: string, to: string, { widthPx, heightPx }: FrameSize): string => {
  const small = `${widthPx / 8}:${heightPx / 8}`
  return [
    `[${from}]split=2[${to}Back][${to}Front]`,
    `[${to}Back]scale=${small}:force_original_aspect_ratio=increase,crop=${small},gblur=sigma=6,` +
      `eq=brightness=-0.12:saturation=1.1,scale=${widthPx}:${heightPx}:flags=bicubic[${to}Blur]`,
    `[${to}Front]scale=w='${fitted('iw', widthPx, heightPx)}':h='${fitted('ih', widthPx, heightPx)}'` +
      `:flags=lanczos[${to}Fit]`,
    `[${to}Blur][${to}Fit]overlay=(W-w)/2:(H-h)/2,` +
      // Whoever reads a JPEG takes its colours for BT.601.
      `scale=in_range=tv:out_range=pc:out_color_matrix=bt601,format=yuvj420p[${to}]`,
  ].join(';')
}

/** The width or height of the fitted picture, as an expression: the frame's own if the shape is the same. */
const fitted = (side: 'iw' | 'ih', widthPx: number, heightPx: number): string => {
  const whole = side === 'iw' ? widthPx : heightPx
  const shape = widthPx / heightPx
  const isSame = `lt(abs(iw/ih/${shape}-1),${SAME_SHAPE_RATIO})`
  return `if(${isSame},${whole},trunc(${side}*min(${widthPx}/iw,${heightPx}/ih)/2)*2)`
}

const verifyJpeg = async (options: {
  ffprobePath: string
  path: string
  size: FrameSize
  signal?: AbortSignal
}): Promise<void> => {
  const { size, ...input } = options
  // By the ending of its name ffmpeg takes a `.jpg` for a series of pictures; the name is ours.
  const made = await probe({ ...input, formats: [...MEDIA_FORMATS, 'image2'] })
  const [picture] = made.streams
  const isOrdered =
    picture?.codec === 'mjpeg' &&
    picture.widthPx === size.widthPx &&
    picture.heightPx === size.heightPx
  if (!isOrdered) throw new MediaError('ENCODER_CRASHED', `made ${JSON.stringify(made)}`)
}
