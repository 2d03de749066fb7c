/**
 * The interfaces of all activities: what workflows may call and what `src/activities` implements.
 * Every activity takes one object and returns one small object; files travel as storage keys.
 */

import type { FailureCode } from '../domain/failures.ts'
import type { DeliveryId, ExecutionId, TaskId, VideoId } from '../domain/ids.ts'
import type { TaskKind } from '../domain/task-kinds.ts'
import type { TaskOutput } from '../domain/task-output.ts'
import type { ProvidedKind, RemoteWork } from '../domain/task-providers.ts'
import type {
  BranchResult,
  PipelineAdmission,
  PipelineOrder,
  RenderAdmission,
  RenderOrder,
} from './orders.ts'

export type { RemoteWork }

/** Every step of an execution names it; the recorder of steps reads this. */
export interface StepInput {
  readonly executionId: ExecutionId
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
    readonly replaces: ExecutionId | null
  }): Promise<RenderAdmission>
  /** Publishes the result and captures the hold, in one transaction. */
  markReady(
    input: StepInput & {
      readonly videoId: VideoId
      readonly files: RenderFiles
      readonly renderTimeSeconds: number
    },
  ): Promise<{ readonly capturedCredits: number }>
  /** Ends an execution without a result: voids what is still held, settles every status. */
  abandonExecution(
    input: StepInput & {
      readonly ending: 'error' | 'canceled'
      readonly failure: FailureCode | null
      /** The step that failed; null when none did. */
      readonly step: string | null
    },
  ): Promise<{ readonly releasedCredits: number }>
  /** Prices an order, holds its credits and creates its execution, or declines and creates nothing.
   * A retry holds what is left to be done. */
  admitExecution(input: {
    readonly order: PipelineOrder
    readonly workflowId: string
  }): Promise<PipelineAdmission>
  /** Holds what an order costs beyond its first hold, now that its source is known. */
  raiseHold(input: {
    readonly order: PipelineOrder
    readonly workflowId: string
    readonly durationSeconds: number
  }): Promise<PipelineAdmission>
  /** Ends a round whose steps stood beside each other: settles each step, publishes what they
   * delivered, captures the price of that and frees the rest, in one transaction. */
  completeExecution(
    input: StepInput & {
      readonly outcome: 'completed' | 'partial' | 'error' | 'canceled'
      readonly branches: readonly BranchResult[]
      /** The step that this is (`assemble`, `save`). */
      readonly step: string
    },
  ): Promise<{ readonly capturedCredits: number }>
  markStalled(input: StepInput): Promise<void>
  markResumed(input: StepInput): Promise<void>
}

export interface RenderFiles {
  readonly croppedAudioKey: string
  readonly videoKey: string
  readonly thumbnailKey: string
  readonly squareThumbnailKey: string
}

export interface CroppedAudio {
  readonly croppedAudioKey: string
  readonly coverKey: string | null
}

export interface MediaActivities {
  /** Also lifts the cover out of the song, where it has one: the crop carries the audio alone. */
  cropAudio(input: StepInput & { readonly videoId: VideoId }): Promise<CroppedAudio>
  /** The video may still be unverified. */
  makeThumbnails(
    input: StepInput & { readonly videoKey: string },
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
      readonly videoId: VideoId
      readonly workflowId: string
      readonly audio: CroppedAudio
      readonly renderer: string
      readonly priority: number
      readonly round: number
      /** When the workflow ordered it. URLs are signed as of then, so that a repeated submission
       * has the same body: with another one its key would be refused. */
      readonly orderedAtMs: number
    },
  ): Promise<RemoteTask>
  /** Asks the renderer how the task is; `silentMs`: time since the last sign of life. */
  inspectRender(input: StepInput & RemoteTask): Promise<{
    readonly status: 'queued' | 'processing' | 'completed' | 'failed' | 'canceled'
    readonly failure: FailureCode | null
    readonly silentMs: number
  }>
  /** Confirms that the task is done, fetches the video, and stores it unseen. */
  collectRender(
    input: StepInput &
      RemoteTask & {
        readonly videoId: VideoId
        /** Of the submission; each delivery is stored under a key of its own. */
        readonly round: number
        /** Set when a person delivers the video by hand. */
        readonly outputUrl?: string
      },
  ): Promise<{ readonly videoKey: string; readonly renderTimeSeconds: number }>
  /** Makes sure that a stored video is what was ordered; one that is not is removed. */
  verifyRender(input: StepInput & { readonly videoKey: string }): Promise<void>
  cancelRender(input: StepInput & RemoteTask): Promise<void>
  /** The first renderer of the rota that answers that it is well, or null. */
  findRenderer(input: { readonly rota: readonly string[] }): Promise<{
    readonly renderer: string | null
  }>
}

export interface Delivery {
  readonly deliveryId: DeliveryId
  /** Before this activity; 0 if it is not said. */
  readonly attemptCount?: number
}

/** A delivery that is left to a workflow of its own. */
export interface OpenDelivery extends Delivery {
  /** Before the next attempt. */
  readonly waitMs?: number
}

export type DeliveryAttempt =
  | { readonly status: 'delivered' | 'failed' }
  | { readonly status: 'pending'; readonly waitMs: number }

export interface PublishingActivities {
  invalidateCdn(
    input: StepInput & { readonly videoId: VideoId; readonly files: RenderFiles },
  ): Promise<Skippable & { readonly reference: string | null }>
  /** Records the event that tells the account how its execution ended, and says which deliveries
   * of it are to be started and whether a mail is wanted. */
  notify(
    input: StepInput,
  ): Promise<
    Skippable & { readonly deliveryIds: readonly DeliveryId[]; readonly mailWanted: boolean }
  >
  sendMail(input: StepInput): Promise<{ readonly messageId: string }>
  /** Tells the operators. */
  sendAlert(
    input: StepInput & {
      readonly title: string
      readonly step: string | null
      readonly failure: FailureCode
    },
  ): Promise<void>
  /** The first attempt of a webhook delivery; `waitMs`: by when the schedule has the next one. */
  attemptDelivery(input: { readonly deliveryId: DeliveryId }): Promise<DeliveryAttempt>
  /** One attempt of a webhook delivery; the schedule lies in its retries. */
  deliverWebhook(input: Delivery): Promise<{ readonly status: 'delivered' | 'failed' }>
}

/** What the work on a task needs to know; the row holds the rest. */
export interface TaskWorkInput {
  readonly taskId: TaskId
  readonly inputKey: string
}

export interface TaskWordsInput extends TaskWorkInput {
  /** Whether the input is what `transcribeTask` made, or a subtitle file. */
  readonly isTranscript: boolean
}

export interface PreparedTask {
  readonly status: 'ready'
  /** What is really to be done, which aliases and formats may hide. */
  readonly work: TaskKind
  readonly inputKey: string
  readonly inputIs: 'medium' | 'subtitles'
  readonly durationSeconds: number
  /** Set when the work is to be done elsewhere. */
  readonly remote: RemoteWork | null
}

/** A task that was looked at: its price is held, or it will not be done. */
export type TaskAdmission =
  | PreparedTask
  | { readonly status: 'refused'; readonly failure: FailureCode }

/** What came of the last piece of work on a task, which ends it as well. */
export interface TaskEnd {
  readonly output: TaskOutput
  /** False: the file is stored, but the task is still to be completed. */
  readonly completed: boolean
  /** Webhooks that were not taken at once. */
  readonly open: readonly OpenDelivery[]
}

/** The work on tasks, by what is made. */
export interface TaskWork {
  renderTask(input: TaskWorkInput): Promise<TaskOutput>
  /** Makes the one file that a `video`, `audio` or `image` task asks for. */
  convertTask(input: TaskWorkInput): Promise<TaskOutput>
  measureWaveform(input: TaskWorkInput): Promise<TaskOutput>
  makeStoryboardTask(input: TaskWorkInput): Promise<TaskOutput>
  /** Makes an adaptive stream in one go. */
  packageTask(input: TaskWorkInput): Promise<TaskOutput>
  /** Writes down what is said, as JSON. */
  transcribeTask(input: TaskWorkInput): Promise<TaskOutput>
  layOutSubtitles(input: TaskWordsInput): Promise<TaskOutput>
  translateTask(input: TaskWordsInput): Promise<TaskOutput>
}

/** The same as activities: each completes its task and tries its webhooks, unless more is to follow. In
 * steps of their own these would take longer than a short task's work does. */
type EndingTaskWork = {
  [Name in keyof TaskWork]: (
    input: Parameters<TaskWork[Name]>[0] & { readonly isLast?: boolean },
  ) => Promise<TaskEnd>
}

export interface TaskActivities extends EndingTaskWork {
  /** Brings a task's input into storage, judges it, prices it, and holds the price. */
  prepareTask(input: { readonly taskId: TaskId }): Promise<TaskAdmission>
  /** Captures the hold, settles the row, and returns the deliveries of `job.succeeded`. */
  completeTask(input: { readonly taskId: TaskId; readonly output: TaskOutput }): Promise<{
    readonly deliveryIds: readonly DeliveryId[]
  }>
  /** Voids the hold, settles the row, and returns the deliveries of `job.failed`. */
  abandonTask(input: {
    readonly taskId: TaskId
    readonly ending: 'failed' | 'canceled'
    readonly failure: FailureCode | null
  }): Promise<{ readonly deliveryIds: readonly DeliveryId[] }>
}

/** A job at a provider. */
export interface ProviderJob {
  readonly provider: string
  readonly jobId: string
}

/** Steps that are sent out: to the hosted service, or to another Spool. */
export interface ProviderActivities {
  submitRemoteTask(input: {
    /** The execution or task that the step belongs to. */
    readonly ownerId: ExecutionId | TaskId
    readonly workflowId: string
    readonly step: string
    readonly provider: string
    readonly kind: ProvidedKind
    readonly inputKey: string
    readonly options: Readonly<Record<string, unknown>>
    /** When the workflow ordered it: a repeated submission is word for word the first. */
    readonly orderedAtMs: number
  }): Promise<ProviderJob>
  /** `answered`: false when the provider could not be asked; the status then is a guess. */
  inspectRemoteTask(input: ProviderJob): Promise<{
    readonly status: 'queued' | 'processing' | 'completed' | 'failed' | 'canceled'
    readonly failure: FailureCode | null
    readonly answered: boolean
  }>
  /** Confirms that the job is done, fetches what it made, checks it, and stores it. */
  collectRemoteTask(
    input: ProviderJob & {
      readonly kind: ProvidedKind
      readonly options: Readonly<Record<string, unknown>>
      /** Where it is stored, without the ending of the name. */
      readonly outputStem: string
    },
  ): Promise<TaskOutput>
  cancelRemoteTask(input: ProviderJob): Promise<void>
}

export interface SweepActivities {
  /** Ends holds that are past their time and whose workflow is closed. */
  expireHolds(): Promise<{ readonly expired: number }>
  /** Removes records that nobody can ask for any more. */
  pruneRecords(): Promise<{
    readonly idempotencyKeys: number
    readonly events: number
    readonly deliveries: number
    readonly unadmittedPlans: number
    readonly staleClaims: number
  }>
}
