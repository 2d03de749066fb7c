import type {
  AudioConversion,
  ConvertedMedia,
  ImageConversion,
  MadeStoryboard,
  MeasuredPeaks,
  StoryboardSpec,
  VideoConversion,
  WaveformSpec,
} from '../../domain/media-conversions.ts'

interface Job {
  readonly signal: AbortSignal
  /** Absolute; a name of our own making. */
  readonly inputPath: string
  /** The share of the work that is done, 0 to 1. */
  readonly onProgress?: (ratio: number) => void
}

interface FileJob extends Job {
  /** Absolute. */
  readonly outputPath: string
}

/** A part of `MediaTools`: one medium made out of another, verified by a probe of what was made. */
export interface ConversionTools {
  readonly convertVideo: (
    job: FileJob & { readonly conversion: VideoConversion },
  ) => Promise<ConvertedMedia>
  readonly convertAudio: (
    job: FileJob & { readonly conversion: AudioConversion },
  ) => Promise<ConvertedMedia>
  readonly convertImage: (
    job: FileJob & { readonly conversion: ImageConversion },
  ) => Promise<ConvertedMedia>
  /** Makes both animated pictures of one decode. */
  readonly makePreviews: (
    job: Job & {
      readonly gifPath: string
      readonly webpPath: string
      readonly conversion: Omit<VideoConversion, 'format'>
    },
  ) => Promise<{ readonly gif: ConvertedMedia; readonly webp: ConvertedMedia }>
  /** Writes JSON of the audiowaveform format, version 2. */
  readonly measurePeaks: (job: FileJob & { readonly spec: WaveformSpec }) => Promise<MeasuredPeaks>
  /** Writes `storyboard.vtt` and `storyboard-1.jpg`, … into an existing folder. */
  readonly makeStoryboard: (
    job: Job & { readonly outputDir: string; readonly spec: StoryboardSpec },
  ) => Promise<MadeStoryboard>
}
