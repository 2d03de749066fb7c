/** What is ordered and what an admission answers: crosses from the API to the workflows. */

import type { FailureCode } from '../domain/failures.ts'
import type { OutcomeDecision } from '../domain/generation/model-order.ts'
import type { AccountId, ExecutionId, TaskId, VideoId } from '../domain/ids.ts'
import type { OrderedPipeline } from '../domain/steps.ts'
import type { TaskAdmission } from './activities.ts'

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

/** One order of a pipeline other than `render`, or its retry; made by the API. */
export interface PipelineOrder {
  readonly executionId: ExecutionId
  readonly accountId: AccountId
  readonly pipeline: OrderedPipeline
  /** What it works on: the id of a medium. */
  readonly subjectId: string
  /** 0, or the number of the retry. */
  readonly round: number
  /** 1 (first) to 5 (last). */
  readonly priority: number
  /** What was asked for, in the words of the pipeline; small. */
  readonly input: Readonly<Record<string, unknown>>
}

export type PipelineAdmission =
  | {
      readonly status: 'held'
      readonly amountCredits: number
      /** Steps that an earlier round has done: completed, or with nothing to do. */
      readonly done: readonly string[]
      /** What earlier rounds have delivered: names to storage keys. */
      readonly outputs: Readonly<Record<string, string>>
    }
  | {
      readonly status: 'declined'
      readonly neededCredits: number
      readonly availableCredits: number
    }

/** How one step of several that stand beside each other ended. */
export interface BranchResult {
  readonly step: string
  readonly outcome: 'completed' | 'skipped' | 'failed' | 'canceled'
  readonly failure: FailureCode | null
  /** What it delivered: names to storage keys. */
  readonly outputs: Readonly<Record<string, string>>
}

/** The answer to the query `progress` of these pipelines. */
export interface PipelineProgress {
  readonly executionId: ExecutionId | null
  readonly status: 'waiting' | 'processing' | 'closing'
  /** Steps in work. */
  readonly steps: readonly string[]
  readonly failed: readonly string[]
  readonly waitingFor: string | null
}

export interface PipelineOutcome {
  readonly executionId: ExecutionId | null
  readonly status: 'completed' | 'partial' | 'declined' | 'canceled' | 'error'
  readonly failure?: FailureCode
}

/** One task, as a workflow sees it; the row holds the rest. */
export interface TaskOrder {
  readonly taskId: TaskId
  readonly accountId: AccountId
  /** Of a task whose input is a medium of the account: that was judged when it came, and the price is
   * held with the order. Any other input has to be fetched first. */
  readonly admission: TaskAdmission | null
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

/** What becomes of an order that its provider may or may not have taken. */
export interface OutcomeDecided {
  readonly jobId: string
  readonly decision: OutcomeDecision
  /** With `found`: under which the provider has it. */
  readonly providerJobId?: string
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
