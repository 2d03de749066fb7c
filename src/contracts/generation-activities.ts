/** The activities of a generation plan. Plans, parameters and results lie in the database; what travels
 * is ids, and as much of the graph as the workflow has to know. */

import type { FailureCode } from '../domain/failures.ts'
import type { JobWait } from '../domain/generation/model-order.ts'
import type { ModelChoice } from '../domain/generation/plan.ts'
import type { StepInput } from './activities.ts'
import type { Queue } from './queues.ts'

/** A job as the workflow sees it. */
export interface PlannedJob {
  readonly id: string
  /** Jobs that have to be done before. */
  readonly needs: readonly string[]
  /** `expand`: a model job that adds jobs. */
  readonly kind: 'model' | 'media' | 'expand'
  readonly upperCredits: number
  /** Nobody uses its result: it is what the plan is for. */
  readonly isOutput: boolean
  /** It has inputs that have to be brought in first. */
  readonly hasSources: boolean
}

/** Settings travel as data, so that a change of configuration never changes a running workflow. */
export interface PlanTerms {
  readonly parallelCount: number
  /** How often a provider is asked when no webhook comes. */
  readonly pollIntervalMs: number
  /** A provider that answers nothing for this long is given up. */
  readonly stallTimeoutMs: number
  /** For one call of a model, its queue at the provider included. */
  readonly modelTimeoutMs: number
  /** How long a job waits for a higher limit, or for a decision. */
  readonly graceMs: number
}

/** Part of a plan; all of it would be too large for one payload. */
export interface PlanPage {
  readonly jobs: readonly PlannedJob[]
  readonly isLast: boolean
  readonly maxCredits: number | null
  /** What jobs that are done have cost. */
  readonly spentCredits: number
  readonly terms: PlanTerms
}

/** Names one job of the plan. */
export type JobInput = StepInput & { readonly jobId: string }

/** A model, its provider, and where calls to it wait for their turn. */
export interface QueuedChoice extends ModelChoice {
  readonly queue: Queue
}

/**
 * - `hit`: the same was made before, and is this job's result now.
 * - `mine`: nobody else makes it; `choices` is empty for what is not made by a model.
 * - `taken`: another job makes it, of this plan or (null) of another one.
 * - `free`: nobody has or makes it, and it was not to be taken.
 * - `failed`: what it is made from is gone, or nobody here can make it.
 */
export type JobClaim =
  | { readonly status: 'hit'; readonly outputKey: string }
  | { readonly status: 'mine'; readonly choices: readonly QueuedChoice[] }
  | { readonly status: 'taken'; readonly byJobId: string | null }
  | { readonly status: 'free' }
  | { readonly status: 'failed'; readonly failure: FailureCode }

/** Asks for one job; without `takes` the making of it is not claimed. */
export interface JobClaimRequest {
  readonly jobId: string
  readonly takes: boolean
}

/** A job's result is there, stored and paid for. */
export interface JobDelivery {
  /** Of what was delivered; never above what was held for it. */
  readonly priceCredits: number
  /** The storage key of what was made. */
  readonly outputKey: string
}

/** Jobs that were added to the plan: those after the first `earlierCount`. */
export interface Expansion {
  readonly earlierCount: number
  /** Its result is that of the job that expanded; null: that one has its result already. */
  readonly resultJobId: string | null
}

export interface ModelOrderInput extends ModelChoice {
  readonly workflowId: string
  /** Names this one paid order: its webhooks come under it. */
  readonly orderName: string
  readonly orderedAtMs: number
  /** Takes up an older order of the same model instead, if there is one that the provider has, and of which
   * nothing was collected: an outage of ours had ended its job. */
  readonly resumes: boolean
}

export interface SubmittedModelJob {
  readonly status: 'accepted' | 'answered'
  /** False: nobody will tell us, so that the provider has to be asked. */
  readonly hasWebhook: boolean
}

export interface GenerationActivities {
  /** The jobs after the first `earlierCount` of them, or as many as go into one answer. */
  openPlan(input: StepInput & { readonly earlierCount: number }): Promise<PlanPage>
  /** Brings the files at URLs of a job into storage. */
  bringSources(input: JobInput): Promise<void>
  /** Looks whether the same was made before, and claims the making of it unless told not to; of each
   * job, in their order. */
  claimJobs(
    input: StepInput & { readonly jobs: readonly JobClaimRequest[] },
  ): Promise<readonly JobClaim[]>
  /** Sends a paid order, once: a repetition finds the order of the first call, or fails with
   * PROVIDER_OUTCOME_UNKNOWN. `answered`: the model answered at once. */
  submitModelJob(input: JobInput & ModelOrderInput): Promise<SubmittedModelJob>
  /** Asks the provider, and keeps the answer of what is completed. `answered`: false when the provider
   * could not be asked; the status then is a guess. */
  inspectModelJob(input: JobInput): Promise<{
    readonly status: 'queued' | 'processing' | 'completed' | 'failed' | 'canceled'
    readonly failure: FailureCode | null
    readonly answered: boolean
  }>
  cancelModelJob(input: JobInput): Promise<void>
  /** Takes over a job that an operator has found at the provider. */
  adoptModelJob(input: JobInput & { readonly providerJobId: string }): Promise<void>
  /** Fetches what a model has made, judges, prices and stores it. */
  collectModelJob(input: JobInput): Promise<JobDelivery>
  /** Makes a result of other files, by FFmpeg. */
  makeMedia(input: JobInput): Promise<JobDelivery>
  /** Adds the jobs of the scenes that a text model has written. */
  expandJob(input: JobInput): Promise<Expansion>
  /** Makes the result of the last job that it added the result of the job that expanded. */
  adoptResult(input: JobInput & { readonly resultJobId: string }): Promise<JobDelivery>
  /** Says that a job waits for somebody outside, or (null) no longer does. */
  markWaiting(input: JobInput & { readonly waitingFor: JobWait | null }): Promise<void>
  /** Ends a job without a result: others may make the same. */
  failJob(input: JobInput & { readonly failure: FailureCode }): Promise<void>
}
