/**
 * How long activities may take, how they are retried, and on which queue they run. A profile is chosen by
 * what a call may cost when it is repeated and by how soon its loss has to be noticed, not by subject.
 */

import {
  ActivityCancellationType,
  workflowInfo,
  type ActivityOptions,
  type LocalActivityOptions,
  type RetryPolicy,
} from '@temporalio/workflow'
import type { Queue } from '../contracts/queues.ts'

const PIPELINES_QUEUE: Queue = 'pipelines'
const MEDIA_QUEUE: Queue = 'media'
const RENDER_QUEUE: Queue = 'render'
const INFERENCE_QUEUE: Queue = 'inference'
const DOWNLOAD_QUEUE: Queue = 'download'

/**
 * A worker that dies is missed after this long. Activities beat once a second from a timer, so four
 * missed beats are a death and not a busy machine. A step shall run again elsewhere within five
 * seconds: with a timeout of as many it took 5.7 to 6.2, for the new attempt has to begin as well.
 */
const HEARTBEAT_TIMEOUT = '4 seconds'

/** Money and states: milliseconds in Postgres. Local, because a queue's round trip costs more than
 * the work; kept trying for as long as a database may be away. */
export const QUICK: LocalActivityOptions = {
  startToCloseTimeout: '20 seconds',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '15 seconds' },
}

/** FFmpeg on our own machines: long, beating, cancelled for good before anything is undone. */
export const ENCODE: ActivityOptions = {
  taskQueue: MEDIA_QUEUE,
  startToCloseTimeout: '1 hour',
  scheduleToCloseTimeout: '6 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '250 milliseconds', maximumInterval: '30 seconds', maximumAttempts: 6 },
}

/** Drawing a video: as `ENCODE`, on the queue that has the renderer's slots. */
export const DRAW: ActivityOptions = {
  ...ENCODE,
  taskQueue: RENDER_QUEUE,
  startToCloseTimeout: '6 hours',
  scheduleToCloseTimeout: '1 day',
}

/** A range of a ladder: as `ENCODE`, with the hours that the longest one takes of a slow machine. */
export const LADDER: ActivityOptions = {
  ...ENCODE,
  startToCloseTimeout: '6 hours',
  scheduleToCloseTimeout: '1 day',
}

/** What only writes small files, as soon as they are due: as `ENCODE`, but never behind a queue of encodes. */
export const WRITE: ActivityOptions = { ...ENCODE, taskQueue: PIPELINES_QUEUE }

/** Temporal's own: smaller goes first, and who says nothing is in the middle. */
const LAST_PRIORITY = 5
const USUAL_PRIORITY = 3

/** As `ENCODE`, when the queue has nothing of the workflow's own priority: after the ladder's hours. */
export const encodeLater = (): ActivityOptions => {
  const { priorityKey = USUAL_PRIORITY } = workflowInfo().priority ?? {}
  return {
    ...ENCODE,
    scheduleToCloseTimeout: '1 day',
    priority: { priorityKey: Math.min(LAST_PRIORITY, priorityKey + 1) },
  }
}

/** Speech and translation, by engines of ours or by providers: as `ENCODE`, on the queue whose slots
 * bound what is asked of them. A call may be paid, so it is not repeated often. */
export const INFER: ActivityOptions = {
  ...ENCODE,
  taskQueue: INFERENCE_QUEUE,
  retry: { initialInterval: '2 seconds', maximumInterval: '1 minute', maximumAttempts: 4 },
}

/** Fetching files: as `ENCODE`, on the queue whose slots wait for others rather than compute. What a
 * provider has made is there for an hour or less, and must not stand behind a queue of encodes. */
export const FETCH: ActivityOptions = { ...ENCODE, taskQueue: DOWNLOAD_QUEUE }

/** For what others have made and been paid for, a quarter of an hour: an outage, of ours or of the server that
 * has the file, is no reason to have it made again. What is really wrong with it is final sooner. */
const PATIENT: RetryPolicy = {
  initialInterval: '250 milliseconds',
  maximumInterval: '1 minute',
  maximumAttempts: 20,
}

/** Taking delivery of what a provider has made: as `FETCH`. */
export const COLLECT: ActivityOptions = { ...FETCH, retry: PATIENT }

/** Work on a video that a renderer has made: as `ENCODE`. */
export const RECEIVE: ActivityOptions = { ...ENCODE, retry: PATIENT }

/** Fetching from sites that are slow, or slowed down. */
export const DOWNLOAD: ActivityOptions = {
  ...FETCH,
  retry: { initialInterval: '2 seconds', maximumInterval: '1 minute', maximumAttempts: 4 },
}

/** Short calls to a renderer. Their answer is awaited even when the render is cancelled meanwhile:
 * a task that was accepted must be known, or nobody would cancel it. */
export const PROVIDER: ActivityOptions = {
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '2 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds', maximumAttempts: 4 },
}

/** Asking about what is in work elsewhere. That it gives no answer is an answer; what fails is a database of
 * ours, and its outage is waited for. */
const UNTIL_ANSWERED = {
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '250 milliseconds', maximumInterval: '30 seconds' },
} as const

/** Asking a renderer how a task is. */
export const WATCH: ActivityOptions = { ...PROVIDER, ...UNTIL_ANSWERED }

/** A paid call of a model, which some providers answer with the result itself, minutes later. Its turn
 * at the provider's limits may come late; its answer is awaited even when the job is cancelled. */
export const ORDER: ActivityOptions = {
  startToCloseTimeout: '15 minutes',
  scheduleToCloseTimeout: '1 day',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 5 },
}

/** Telling a provider of models to stop, on its own queue. */
export const STOP: ActivityOptions = {
  ...ORDER,
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '30 minutes',
}

/** Asking it about what is paid for already. */
export const LOOK: ActivityOptions = {
  ...ORDER,
  ...UNTIL_ANSWERED,
  startToCloseTimeout: '2 minutes',
}

/** Telling others: a few tries, then the failure is a fact that the step shows. */
export const TELL: ActivityOptions = {
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '3 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '1 second', maximumInterval: '15 seconds', maximumAttempts: 4 },
}

/** One delivery: the activity asks for each next attempt by the schedule of `domain/`, and says
 * itself which attempt is the last. The schedule spans 76 hours. */
export const DELIVER: ActivityOptions = {
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '5 days',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '5 seconds', maximumInterval: '1 day' },
}

export const SWEEP: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '5 seconds', maximumAttempts: 3 },
}
