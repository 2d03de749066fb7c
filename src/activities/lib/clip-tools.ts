import type { ClipWindow } from '../../adapters/clips/cut-clip.ts'
import type { RecordingMeasures } from '../../adapters/clips/measure-recording.ts'
import type { Sampled, SampledPictures } from '../../adapters/clips/sample-pictures.ts'
import type { FaceBox } from '../../domain/clips/face-tracks.ts'
import type { FrameSize } from '../../domain/frame-size.ts'
import type { CaptionStyle } from '../../domain/generation/job-params.ts'
import type { ConvertedMedia } from '../../domain/media-conversions.ts'
import type { Transcript } from '../../domain/transcript.ts'

interface ClipJob {
  readonly signal: AbortSignal
  readonly onProgress?: (ratio: number) => void
}

interface WithWorkFiles {
  readonly workPath: (fileName: string) => string
}

interface SourceJob extends ClipJob {
  /** Absolute, a local file under a name of our own. */
  readonly inputPath: string
}

interface Part {
  readonly startSeconds: number
  readonly endSeconds: number
}

/** Clips, made by FFmpeg and a detector of faces. */
export interface ClipTools {
  readonly measureRecording: (
    job: SourceJob & WithWorkFiles & { readonly hasSound: boolean },
  ) => Promise<RecordingMeasures>
  /** Decodes a part for whoever looks at its pictures, and finds where the scene changes. */
  readonly samplePictures: <Seen>(
    job: SourceJob &
      WithWorkFiles &
      Part & { readonly look: (pictures: SampledPictures) => Promise<Seen> },
  ) => Promise<Sampled<Seen>>
  readonly detectFaces: (
    job: ClipJob & WithWorkFiles & { readonly pictures: SampledPictures },
  ) => Promise<readonly (readonly FaceBox[])[]>
  readonly cutClip: (
    job: SourceJob &
      Part & {
        readonly outputPath: string
        readonly size: FrameSize
        readonly windowEdges: (window: ClipWindow) => readonly number[]
        readonly captionsFilter: string | null
        readonly folder: string
      },
  ) => Promise<ConvertedMedia>
  /** Writes captions and their fonts into a folder, and answers the filter that draws them there; null when
   * there is nothing to draw. *Errors:* INPUT_INVALID (characters without a font). */
  readonly typesetCaptions: (
    folder: string,
    captions: {
      readonly transcript: Transcript
      readonly style: CaptionStyle
      readonly frame: FrameSize
      readonly path: string
    },
  ) => Promise<string | null>
}
