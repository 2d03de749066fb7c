import { ANIMATION_EFFORT } from '../../domain/conversion-codecs.ts'
import type { VideoConversion } from '../../domain/media-conversions.ts'
import type { MediaProbe, MediaStream } from '../../domain/media-probe.ts'
import { fitPicture } from '../../domain/picture-size.ts'
import type { PictureFit } from '../../domain/picture-size.ts'
import { onPictures, trimOf } from '../../domain/trim.ts'
import type { Trim } from '../../domain/trim.ts'
import { frameRateText, steadyFrameRate } from '../../domain/video-frame-rate.ts'
import { knownSeconds, picturesOf } from './conversion.ts'
import type { FileConversionJob } from './conversion.ts'

export interface VideoConversionJob extends FileConversionJob {
  readonly conversion: VideoConversion
}

/** What was decided about a video conversion before any work. */
export interface VideoPlan {
  readonly source: MediaProbe
  readonly stream: MediaStream
  readonly trim: Trim
  readonly fit: PictureFit
  readonly frameRate: number
}

/** Decides what is made of the source. *Errors:* INPUT_INVALID (part or size), MEDIA_NO_VIDEO. */
export const planVideo = (source: MediaProbe, conversion: VideoConversion): VideoPlan => {
  const { stream, size } = picturesOf(source)
  const isAnimation = conversion.format === 'gif' || conversion.format === 'webp'
  const sourceRate = steadyFrameRate(stream)
  const sourceSeconds = knownSeconds(source, stream)
  const animationRate = Math.min(ANIMATION_EFFORT[conversion.quality].frameRate, sourceRate)
  return {
    source,
    stream,
    trim: onPictures(trimOf(conversion, sourceSeconds), sourceSeconds, sourceRate),
    fit: fitPicture(size, conversion, { even: !isAnimation }),
    frameRate: conversion.frameRate ?? (isAnimation ? animationRate : sourceRate),
  }
}

/**
 * Seeks to the key frame before the part and hands on what lies between too: the frame that is shown at
 * the start may have begun long before it, and one that is stamped a little early is not lost.
 */
export const seekTo = ({ startSeconds }: Trim): string[] =>
  startSeconds > 0 ? ['-noaccurate_seek', '-ss', startSeconds.toFixed(6)] : []

/** Frames of the part at a steady rate, the first of them the one that is shown at its start. */
export const partOfPictures = ({ trim, frameRate }: Pick<VideoPlan, 'trim' | 'frameRate'>) => [
  `fps=fps=${frameRateText(frameRate)}:start_time=0:round=near`,
  ...(trim.endSeconds === null
    ? []
    : [`trim=end_frame=${Math.max(1, Math.round((trim.durationSeconds ?? 0) * frameRate))}`]),
]
