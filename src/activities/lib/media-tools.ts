import type { MadeMedium, MediaWork } from '../../adapters/ffmpeg/compose/compose-job.ts'
import type { DescribedMedium, MediumInspection } from '../../adapters/ingest/describe-medium.ts'
import type { RenderSpec } from '../../domain/render-spec.ts'
import type { ClipTools } from './clip-tools.ts'
import type { ConversionTools } from './conversion-tools.ts'
import type { LadderTools } from './ladder-tools.ts'

interface Cancelable {
  readonly signal: AbortSignal
}

/** The private folder of one attempt. */
export interface Workspace {
  /** The absolute path of a file in it. */
  readonly path: (fileName: string) => string
}

/** What activities have done by FFmpeg and the renderer, and the private folders it is done in. */
export interface MediaTools extends ConversionTools, LadderTools, ClipTools {
  readonly withWorkspace: <T>(
    ownerId: string,
    work: (workspace: Workspace) => Promise<T>,
  ) => Promise<T>
  readonly cropAudio: (
    job: Cancelable & {
      readonly sourcePath: string
      readonly outputPath: string
      readonly startSeconds: number
      readonly endSeconds: number
    },
  ) => Promise<{ readonly durationSeconds: number }>
  /** False when the song has no cover. */
  readonly extractCover: (
    job: Cancelable & { readonly sourcePath: string; readonly outputPath: string },
  ) => Promise<boolean>
  readonly makeThumbnails: (
    job: Cancelable & {
      readonly videoPath: string
      readonly landscapePath: string
      readonly squarePath: string
    },
  ) => Promise<unknown>
  readonly verifyVideo: (
    job: Cancelable & {
      readonly path: string
      readonly expected: {
        readonly durationSeconds: number
        readonly frameRate: number
        readonly widthPx: number
        readonly heightPx: number
        readonly hdr: boolean
      }
    },
  ) => Promise<unknown>
  /** Says what a file is, or refuses it: it lacks what is needed, is too long, or (`wholly`) cannot be read
   * to its end. *Errors:* MEDIA_UNREADABLE, MEDIA_UNSUPPORTED, MEDIA_NO_*, MEDIA_TOO_LARGE. */
  readonly describeMedium: (
    job: Omit<MediumInspection, 'ffmpegPath' | 'ffprobePath' | 'timeoutMs'>,
  ) => Promise<DescribedMedium>
  /** Does a media operation of a plan; what is made lies in the folder, which exists and is private. */
  readonly runMediaOperation: (
    work: Cancelable &
      MediaWork & {
        readonly folder: string
        readonly onProgress: (ratio: number) => void
      },
  ) => Promise<MadeMedium>
  /** The sound of a medium as speech engines want it: FLAC, mono, 16 kHz. */
  readonly extractSpeech: (
    job: Cancelable & {
      readonly inputPath: string
      readonly outputPath: string
      /** Null: from the start, to the end. */
      readonly startSeconds?: number | null
      readonly endSeconds?: number | null
    },
  ) => Promise<{ readonly durationSeconds: number }>
  readonly renderVideo: (
    job: Cancelable & {
      readonly spec: RenderSpec
      readonly audioPath: string
      readonly coverPath?: string
      readonly backgroundPath?: string
      readonly outputPath: string
      readonly onProgress: (ratio: number) => void
    },
  ) => Promise<{ readonly durationSeconds: number }>
}
