import type { JobMedia, ModelOperation } from './operations.ts'
import type { MediaParams, ModelParams } from './job-params.ts'

/** A model and who runs it. */
export interface ModelChoice {
  readonly model: string
  readonly provider: string
}

interface AnyJob {
  /** Unique in its plan: letters, digits, `-` and `_`, 64 at most. */
  readonly id: string
  /** Jobs that have to be done before, beyond those whose results it uses. */
  readonly dependsOn: readonly string[]
}

/** `expand`: asks for scenes, and adds the jobs that make each of them. */
export interface ExpandParams {
  readonly prompt: string
  readonly scenesMax: number
  readonly image: ModelChoice | null
  readonly video: ModelChoice | null
  readonly voice: ModelChoice | null
  /** Null: no captions. */
  readonly captions: MediaParams['addSubtitles']['style'] | null
  /** Finds the words for the captions; null: no captions. */
  readonly transcriber: ModelChoice | null
  readonly aspectRatio: string
}

export type ModelJob = AnyJob & {
  /** In the order in which they are tried. */
  readonly choices: readonly ModelChoice[]
} & (
    | { readonly operation: Exclude<ModelOperation, 'expand'>; readonly params: ModelParams }
    | { readonly operation: 'expand'; readonly params: ExpandParams }
  )

export type MediaJob = AnyJob &
  {
    [Name in keyof MediaParams]: { readonly operation: Name; readonly params: MediaParams[Name] }
  }[keyof MediaParams]

export type PlanJob = ModelJob | MediaJob

/** A plan that was read and found whole: every job in one form. */
export interface GenerationPlan {
  readonly jobs: readonly PlanJob[]
  /** The run stops before the job that would exceed it; null: whatever the account has. */
  readonly maxCredits: number | null
}

/** What a job has made; its file lies in storage. Measured, never as it was reported. */
export interface JobResult {
  readonly media: JobMedia
  readonly storageKey: string
  readonly contentType: string
  readonly sizeBytes: number
  /** Hex. */
  readonly sha256: string
  readonly durationSeconds: number | null
  readonly widthPx: number | null
  readonly heightPx: number | null
  readonly frameRate: number | null
}
