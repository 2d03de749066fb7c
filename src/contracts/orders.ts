/** What is ordered and what an admission answers: crosses from the API to the workflows. */

import type { FailureCode } from '../domain/failures.ts'
import type { AccountId, ExecutionId, TaskId, VideoId } from '../domain/ids.ts'

/** One render of one video, made by the API; `executionId` is made once per order. */
export interface RenderOrder {
  readonly executionId: ExecutionId
  readonly videoId: VideoId
  readonly accountId: AccountId
  /** 1 (first) to 5 (last): the place in the renderers' queues. */
  readonly priority: number
}

/** What the workflow has to know of an admitted render. Settings travel as data, so that a change
 * of configuration never changes a running workflow. */
export interface RenderPlan {
  readonly amountCredits: number
  /** Names of renderers in the order in which they are tried. */
  readonly rota: readonly string[]
  /** Without a sign of life for this long, a renderer is given up. */
  readonly stallTimeoutMs: number
  /** How often the renderer is asked when no webhook comes. */
  readonly pollIntervalMs: number
  /** How long a stalled render waits for help before it fails. */
  readonly stalledGraceMs: number
}

export type RenderAdmission =
  | { readonly status: 'held'; readonly plan: RenderPlan }
  | {
      readonly status: 'declined'
      readonly neededCredits: number
      readonly availableCredits: number
    }

/** One task, as a workflow sees it; the row holds the rest. */
export interface TaskOrder {
  readonly taskId: TaskId
  readonly accountId: AccountId
}

/**
 * News of a remote job. The API sends it when a webhook has been verified; a person sends the same
 * by hand to finish a render that was made elsewhere (`taskId: "manual"` with an `outputUrl`).
 */
export interface TaskEvent {
  readonly taskId: string
  readonly status: 'completed' | 'failed' | 'canceled'
  readonly outputUrl?: string
}

/** The answer to the query `progress`. */
export interface RenderProgress {
  readonly executionId: ExecutionId | null
  readonly status: 'waiting' | 'processing' | 'stalled' | 'closing'
  readonly step: string | null
  readonly renderer: string | null
  readonly taskId: string | null
  /** How many times a renderer was given the job. */
  readonly rounds: number
  readonly waitingFor: string | null
}

export interface RenderOutcome {
  readonly executionId: ExecutionId | null
  readonly status: 'completed' | 'declined' | 'canceled' | 'error'
  readonly failure?: FailureCode
}
