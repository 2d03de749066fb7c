import type { JobMedia } from './operations.ts'

/** What is known of a medium of the account, as it was measured. */
export interface MediumFacts {
  readonly media: JobMedia
  readonly durationSeconds: number | null
  readonly widthPx: number | null
  readonly heightPx: number | null
  readonly frameRate: number | null
}

/** Null: the account has no such medium, or nobody has looked. */
export type MediumLookup = (mediaId: string) => MediumFacts | null
