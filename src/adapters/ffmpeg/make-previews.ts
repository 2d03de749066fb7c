import type { ConvertedMedia, VideoConversion } from '../../domain/media-conversions.ts'
import { probeSource } from './conversion.ts'
import type { ConversionJob } from './conversion.ts'
import { convertToAnimations } from './convert-to-animation.ts'
import { planVideo } from './video-plan.ts'

export interface PreviewsJob extends ConversionJob {
  /** Absolute; the files are written here. */
  readonly gifPath: string
  readonly webpPath: string
  readonly conversion: Omit<VideoConversion, 'format'>
}

/**
 * Makes a part of a video an animated picture, both as GIF and as WebP, and decodes it once for the two:
 * with large pictures that is the greater part of the work. *Errors* and *cancellation:* those of
 * `convertVideo`.
 */
export const makePreviews = async (
  job: PreviewsJob,
): Promise<{ readonly gif: ConvertedMedia; readonly webp: ConvertedMedia }> => {
  const { gifPath, webpPath, conversion, ...common } = job
  const asGif = {
    ...common,
    outputPath: gifPath,
    conversion: { ...conversion, format: 'gif' },
  } as const
  const asWebp = {
    ...common,
    outputPath: webpPath,
    conversion: { ...conversion, format: 'webp' },
  } as const
  const plan = planVideo(await probeSource(job), asGif.conversion)
  const [gif, webp] = await convertToAnimations([asGif, asWebp], plan)
  return { gif: gif!, webp: webp! }
}
