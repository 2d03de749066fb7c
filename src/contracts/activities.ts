/**
 * The interfaces of all activities: what workflows may call and what `src/activities` implements.
 * Every activity takes one object and returns one small object; files travel as storage keys.
 */

import type { FailureCode } from '../domain/failures.ts'
import type { RenderAdmission, RenderOrder } from './orders.ts'

/** Every step of an execution names it; the recorder of steps reads this. */
export interface StepInput {
  readonly executionId: string
}

/** The answer of a step that had nothing to do; the recorder marks it `skipped`. */
export interface Skippable {
  readonly skipped?: string
}

/** Short database work: local activities of the workflow's own worker. */
export interface LedgerActivities {
  /** Holds the credits of an order and creates its execution, or declines and creates nothing.
   * Takes the place of `replaces` (whose hold is voided in the same transaction). */
  holdCredits(input: {
    readonly order: RenderOrder
    readonly workflowId: string
    readonly replaces: string | null
  }): Promise<RenderAdmission>
  /** Publishes the result and captures the hold, in one transaction. */
  markReady(
    input: StepInput & {
      readonly videoId: string
      readonly files: RenderFiles
      readonly renderTimeSeconds: number
    },
  ): Promise<{ readonly capturedCredits: number }>
  /** Ends an execution without a result: voids what is still held, settles every status. */
  abandonExecution(
    input: StepInput & {
      readonly ending: 'error' | 'canceled'
      readonly failure: FailureCode | null
    },
  ): Promise<{ readonly releasedCredits: number }>
  markStalled(input: StepInput): Promise<void>
  markResumed(input: StepInput): Promise<void>
}

export interface RenderFiles {
  readonly croppedAudioKey: string
  readonly videoKey: string
  readonly thumbnailKey: string
  readonly squareThumbnailKey: string
}

export interface MediaActivities {
  cropAudio(
    input: StepInput & { readonly videoId: string },
  ): Promise<{ readonly croppedAudioKey: string; readonly durationSeconds: number }>
  makeThumbnails(
    input: StepInput & { readonly videoId: string; readonly videoKey: string },
  ): Promise<Pick<RenderFiles, 'thumbnailKey' | 'squareThumbnailKey'>>
}

export interface RemoteTask {
  readonly renderer: string
  readonly taskId: string
}

export interface RendererActivities {
  /** Orders the render; a second call with the same `round` finds the task of the first. */
  submitRender(
    input: StepInput & {
      readonly videoId: string
      readonly workflowId: string
      readonly croppedAudioKey: string
      readonly renderer: string
      readonly round: number
    },
  ): Promise<RemoteTask>
  /** Asks the renderer how the task is; `silentMs`: time since the last sign of life. */
  inspectRender(input: StepInput & RemoteTask): Promise<{
    readonly status: 'queued' | 'processing' | 'completed' | 'failed' | 'canceled'
    readonly failure: FailureCode | null
    readonly silentMs: number
  }>
  /** Confirms that the task is done, fetches the video, checks it, and stores it. */
  collectRender(
    input: StepInput &
      RemoteTask & {
        readonly videoId: string
        readonly croppedAudioKey: string
        /** Set when a person delivers the video by hand. */
        readonly outputUrl?: string
      },
  ): Promise<{ readonly videoKey: string; readonly renderTimeSeconds: number }>
  cancelRender(input: StepInput & RemoteTask): Promise<void>
  /** The first renderer of the rota that answers that it is well, or null. */
  findRenderer(input: { readonly rota: readonly string[] }): Promise<{
    readonly renderer: string | null
  }>
}

export interface PublishingActivities {
  invalidateCdn(
    input: StepInput & { readonly videoId: string; readonly files: RenderFiles },
  ): Promise<Skippable & { readonly reference: string | null }>
  /** Tells the account how its execution ended: webhook deliveries to start, and mail. */
  notify(input: StepInput): Promise<Skippable & { readonly deliveryIds: readonly string[] }>
  /** Tells the operators. */
  sendAlert(
    input: StepInput & {
      readonly title: string
      readonly step: string | null
      readonly failure: FailureCode
    },
  ): Promise<void>
  /** One attempt of one webhook delivery; the schedule lies in its retries. */
  deliverWebhook(input: { readonly deliveryId: string }): Promise<{
    readonly status: 'delivered' | 'failed'
  }>
}

export interface TaskActivities {
  /** Brings a task's input into storage, judges it, prices it, and holds the price. */
  prepareTask(input: { readonly taskId: string }): Promise<
    | { readonly status: 'ready'; readonly inputKey: string; readonly durationSeconds: number }
    | { readonly status: 'declined' }
  >
  renderTask(input: {
    readonly taskId: string
    readonly inputKey: string
  }): Promise<{ readonly sizeBytes: number }>
  /** Captures the hold, settles the row, and returns the deliveries of `job.succeeded`. */
  completeTask(input: { readonly taskId: string }): Promise<{
    readonly deliveryIds: readonly string[]
  }>
  /** Voids the hold, settles the row, and returns the deliveries of `job.failed`. */
  abandonTask(input: {
    readonly taskId: string
    readonly ending: 'failed' | 'canceled'
    readonly failure: FailureCode | null
  }): Promise<{ readonly deliveryIds: readonly string[] }>
}

export interface SweepActivities {
  /** Ends holds that are past their time and whose workflow is closed. */
  expireHolds(): Promise<{ readonly expired: number }>
  /** Removes records that nobody can ask for any more. */
  pruneRecords(): Promise<{ readonly idempotencyKeys: number; readonly events: number }>
}
