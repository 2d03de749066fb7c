import type { MediaParams } from '../../../domain/generation/job-params.ts'
import type { JobMedia } from '../../../domain/generation/operations.ts'

/** A medium that lies on this machine. */
export interface LocalMedium {
  /** Absolute, with a name of our own making that has no picture's ending. */
  readonly path: string
  /** A transcript is the JSON file that a transcription makes. */
  readonly media: JobMedia
}

/** One operation and what it is given. */
export type MediaWork = {
  [Name in keyof MediaParams]: {
    readonly operation: Name
    readonly params: MediaParams<LocalMedium>[Name]
  }
}[keyof MediaParams]

/** How any operation is run. */
export interface ComposeTools {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** Absolute: a private folder that exists; what is made and what is left over lies in it. */
  readonly folder: string
  readonly timeoutMs: number
  /** Cancel: ffmpeg gets SIGTERM, then SIGKILL after 5 s. */
  readonly signal?: AbortSignal
  /** The share of the work that is done, 0 to 1. */
  readonly onProgress?: (ratio: number) => void
}

/** What an operation has made: a file in the folder, verified to be what was ordered. */
export interface MadeMedium {
  readonly path: string
  readonly contentType: string
  readonly media: JobMedia
}

/** The parts of the tools that every call of ffmpeg and ffprobe wants, with no field that is undefined. */
export const programsOf = ({ ffmpegPath, ffprobePath, timeoutMs, signal }: ComposeTools) => ({
  ffmpegPath,
  ffprobePath,
  timeoutMs,
  ...(signal ? { signal } : {}),
})
