import type { ClipComposition } from '../../adapters/clips/cut-clip.ts'
import type { RecordingMeasures } from '../../adapters/clips/measure-recording.ts'
import type { Sampled, SampledPictures } from '../../adapters/clips/sample-pictures.ts'
import type { ViewShape } from '../../domain/clips/clip-view.ts'
import type { FaceBox } from '../../domain/clips/face-tracks.ts'
import type { FrameSize } from '../../domain/frame-size.ts'
import type { CaptionStyle } from '../../domain/generation/job-params.ts'
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
        readonly compose: (shape: ViewShape) => Promise<ClipComposition>
        readonly folder: string
      },
  ) => Promise<ClipComposition>
  /** Writes captions and their fonts into a folder, and answers the filter that draws them there; null when
   * there is nothing to draw. *Errors:* INPUT_INVALID (characters without a font). */
  readonly typesetCaptions: (
    folder: string,
    captions: {
      readonly transcript: Transcript
      readonly style: CaptionStyle
      readonly frame: FrameSize
      readonly path: string
      /** When they stand in the middle of the picture. */
      readonly inMiddle?: readonly Part[]
    },
  ) => Promise<string | null>
}
