import { IMAGE_CONTENT_TYPES } from '../../domain/media-conversions.ts'
import type {
  ConvertedMedia,
  ImageConversion,
  ImageFormat,
} from '../../domain/media-conversions.ts'
import { isImageFormat } from '../../domain/media-probe.ts'
import type { MediaProbe, MediaStream } from '../../domain/media-probe.ts'
import { fitPicture } from '../../domain/picture-size.ts'
import type { PictureFit } from '../../domain/picture-size.ts'
import { onPictures, trimOf } from '../../domain/trim.ts'
import { frameRateText, steadyFrameRate } from '../../domain/video-frame-rate.ts'
import { findBestFrame } from './best-frame.ts'
import { cancelOf, knownSeconds, picturesOf, probeMade, probeSource } from './conversion.ts'
import { refuseUnordered } from './conversion.ts'
import type { FileConversionJob } from './conversion.ts'
import { pictureFilters } from './picture-filters.ts'
import type { PictureUse } from './picture-filters.ts'
import { runFfmpeg } from './process.ts'
import { safeInput } from './safe-input.ts'

export interface ImageConversionJob extends FileConversionJob {
  readonly conversion: ImageConversion
}

const PICTURE_USES: Record<ImageFormat, PictureUse> = {
  jpg: 'jpeg',
  png: 'rgb',
  webp: 'webp',
  avif: 'avif',
}

/** Qualities at which an untrained eye finds no difference at the size of a screen. */
const ENCODERS: Record<ImageFormat, readonly string[]> = {
  jpg: ['-c:v', 'mjpeg', '-q:v', '3', '-f', 'image2', '-update', '1'],
  png: ['-c:v', 'png', '-f', 'image2', '-update', '1'],
  webp: ['-c:v', 'libwebp', '-quality', '82', '-f', 'webp'],
  avif: [
    ...['-c:v', 'libaom-av1', '-still-picture', '1', '-crf', '26', '-cpu-used', '7'],
    ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
    ...['-color_range', 'tv', '-f', 'avif'],
  ],
}

const PROBED_CODECS: Record<ImageFormat, string> = {
  jpg: 'mjpeg',
  png: 'png',
  webp: 'webp',
  avif: 'av1',
}

/**
 * Takes one picture out of a video, or makes another size or format of a picture.
 *
 * *Guarantee:* the picture is the one that is shown at the position, found by a seek and not by decoding
 * what lies before; rotation, pixel shape and high dynamic range are applied; the colours are those that
 * viewers of the format take them for. The output was probed. *Errors:* INPUT_INVALID (a position behind
 * the end, a size), MEDIA_NO_VIDEO, those of `probe`, `findBestFrame` and `runFfmpeg`.
 */
export const convertImage = async (job: ImageConversionJob): Promise<ConvertedMedia> => {
  const { conversion, outputPath } = job
  const source = await probeSource(job)
  const { stream, size } = picturesOf(source)
  const fit = fitPicture(size, conversion, { even: false })
  const isStill = isImageFormat(source.formatName)
  const position = isStill ? 0 : await positionOf(job, source, stream)
  const pictures = [
    // Of all frames up to the position, the last.
    ...(isStill ? [] : [`fps=fps=${frameRateText(steadyFrameRate(stream))}:start_time=0`]),
    ...pictureFilters(stream, fit, PICTURE_USES[conversion.format]),
  ]
  const seek = position > 0 ? ['-noaccurate_seek', '-ss', position.toFixed(6)] : []
  await runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args: [
      ...safeInput({ path: job.inputPath, options: seek }),
      ...['-filter_complex', `[0:${stream.index}]${pictures.join()}[picture]`, '-map', '[picture]'],
      ...['-frames:v', '1', '-map_metadata', '-1', ...ENCODERS[conversion.format]],
      `file:${outputPath}`,
    ],
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
  })
  await verifyImage(job, fit)
  job.onProgress?.(1)
  return {
    contentType: IMAGE_CONTENT_TYPES[conversion.format],
    durationSeconds: null,
    ...fit.canvas,
  }
}

/** Seconds from the start; the last frame's for a position within it. */
const positionOf = async (
  job: ImageConversionJob,
  source: MediaProbe,
  stream: MediaStream,
): Promise<number> => {
  const { at } = job.conversion
  const durationSeconds = knownSeconds(source, stream)
  if (at === 'best') {
    return findBestFrame({
      ffmpegPath: job.ffmpegPath,
      path: job.inputPath,
      durationSeconds: durationSeconds ?? 0,
      timeoutMs: job.timeoutMs,
      ...cancelOf(job),
    })
  }
  const trim = trimOf({ startSeconds: at, endSeconds: null }, durationSeconds)
  return onPictures(trim, durationSeconds, steadyFrameRate(stream)).startSeconds
}

const verifyImage = async (job: ImageConversionJob, { canvas }: PictureFit): Promise<void> => {
  const made = await probeMade(job, job.outputPath)
  const [picture] = made.streams
  const is = [picture?.codec, picture?.widthPx, picture?.heightPx].join()
  const ordered = [PROBED_CODECS[job.conversion.format], canvas.widthPx, canvas.heightPx].join()
  refuseUnordered(is === ordered ? [] : [`${is} instead of ${ordered}`])
}
