/**
 * The only activity proxies. A profile is chosen by what a call may cost when it is repeated and by
 * how soon its loss has to be noticed, not by subject.
 */

import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow'
import type {
  LedgerActivities,
  MediaActivities,
  PublishingActivities,
  RendererActivities,
  SweepActivities,
  TaskActivities,
} from '../contracts/activities.ts'
import type { Queue } from '../contracts/queues.ts'

const MEDIA_QUEUE: Queue = 'media'
const RENDER_QUEUE: Queue = 'render'

/**
 * A worker that dies is missed after this long. Activities beat once a second from a timer, so five
 * missed beats are a death and not a busy machine; it bounds how soon a step runs again elsewhere.
 */
const HEARTBEAT_TIMEOUT = '5 seconds'

/** Money and states: milliseconds in Postgres. Local, because a queue's round trip costs more than
 * the work; kept trying for as long as a database may be away. */
export const ledger = proxyLocalActivities<LedgerActivities>({
  startToCloseTimeout: '20 seconds',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '15 seconds' },
})

/** FFmpeg on our own machines: long, beating, cancelled for good before anything is undone. */
export const media = proxyActivities<MediaActivities>({
  taskQueue: MEDIA_QUEUE,
  startToCloseTimeout: '1 hour',
  scheduleToCloseTimeout: '6 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '250 milliseconds', maximumInterval: '30 seconds', maximumAttempts: 6 },
})

/** Short calls to a renderer. Their answer is awaited even when the render is cancelled meanwhile:
 * a task that was accepted must be known, or nobody would cancel it. */
export const renderer = proxyActivities<
  Pick<RendererActivities, 'submitRender' | 'inspectRender' | 'cancelRender' | 'findRenderer'>
>({
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '2 minutes',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds', maximumAttempts: 4 },
})

/** Fetching and judging a finished video. */
export const collection = proxyActivities<Pick<RendererActivities, 'collectRender'>>({
  taskQueue: MEDIA_QUEUE,
  startToCloseTimeout: '30 minutes',
  scheduleToCloseTimeout: '2 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds', maximumAttempts: 4 },
})

/** Telling others: a few tries, then the failure is a fact that the step shows. */
export const publishing = proxyActivities<
  Pick<PublishingActivities, 'invalidateCdn' | 'notify' | 'sendMail' | 'sendAlert'>
>({
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '3 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '15 seconds', maximumAttempts: 4 },
})

/** One delivery: the activity asks for each next attempt by the schedule of `domain/`, and says
 * itself which attempt is the last. The schedule spans 76 hours. */
export const delivery = proxyActivities<Pick<PublishingActivities, 'deliverWebhook'>>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '5 days',
  retry: { initialInterval: '5 seconds', maximumInterval: '1 day' },
})

/** The parts of a task that touch its input. */
export const preparation = proxyActivities<Pick<TaskActivities, 'prepareTask'>>({
  taskQueue: MEDIA_QUEUE,
  startToCloseTimeout: '30 minutes',
  scheduleToCloseTimeout: '6 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '250 milliseconds', maximumInterval: '30 seconds', maximumAttempts: 4 },
})

/** Drawing a video: as `media`, on the queue that has the renderer's slots. */
export const drawing = proxyActivities<Pick<TaskActivities, 'renderTask'>>({
  taskQueue: RENDER_QUEUE,
  startToCloseTimeout: '6 hours',
  scheduleToCloseTimeout: '1 day',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '250 milliseconds', maximumInterval: '30 seconds', maximumAttempts: 4 },
})

export const taskLedger = proxyLocalActivities<
  Pick<TaskActivities, 'completeTask' | 'abandonTask'>
>({
  startToCloseTimeout: '20 seconds',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '15 seconds' },
})

export const sweeps = proxyActivities<SweepActivities>({
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '5 seconds', maximumAttempts: 3 },
})
