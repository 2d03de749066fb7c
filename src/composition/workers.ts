import { fileURLToPath } from 'node:url'
import type { NativeConnection } from '@temporalio/worker'
import { Runtime, Worker, type WorkerOptions } from '@temporalio/worker'
import type { Logger } from 'pino'
import type { AllActivities } from '../activities/create-activities.ts'
import {
  activityInterceptors,
  type ActivityMeter,
  type StepRecorder,
} from '../activities/lib/interceptors.ts'
import type { Config } from '../config.ts'
import type { Queue, QUEUES } from '../contracts/queues.ts'
import type { ExecutionsRepository } from '../db/repositories/executions.ts'
import { publicFailure } from '../domain/failures.ts'
import { providerQueue } from '../domain/generation/model-queue.ts'
import { temporalLogger } from './temporal-logger.ts'

/**
 * Once per process, before the first connection to Temporal. From then on SIGINT and SIGTERM mean: drain.
 */
export const installRuntime = (log: Logger): void => {
  // Temporal's listeners take themselves away when the first signal comes. The one by which execa
  // cleans up would then find itself alone, and end the process while an encode runs.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => log.info({ signal }, 'the worker drains'))
  }
  Runtime.install({ logger: temporalLogger(log) })
}

/** What a provider of models is asked at most, by all workers together and by each of them. */
export interface ModelQueueLimits {
  /** Of the provider. */
  readonly name: string
  readonly requestsPerSecond: number
  /** Calls at once, of this process. */
  readonly concurrency: number
}

/** One worker for each of the configured queues; `run` starts them. */
export const createWorkers = async (parts: {
  readonly config: Config
  readonly connection: NativeConnection
  readonly namespace: string
  readonly activities: AllActivities
  readonly executions: ExecutionsRepository
  /** Of the configured providers. */
  readonly modelQueues: readonly ModelQueueLimits[]
  readonly meter: ActivityMeter
}): Promise<Worker[]> => {
  const { config, connection, namespace, activities, meter } = parts
  const recorder = stepRecorder(parts.executions)
  const workers: Worker[] = []
  for (const options of config.settings.WORKER_QUEUES.flatMap((role) =>
    role === 'models'
      ? parts.modelQueues.map((limits) => modelQueueOptions(limits, config))
      : [queueOptions(role, config)],
  )) {
    workers.push(
      await Worker.create({
        connection,
        namespace,
        ...options,
        activities,
        interceptors: { activity: [activityInterceptors(recorder, meter)] },
      }),
    )
  }
  return workers
}

/** What all queues have in common. */
const commonOptions = (taskQueue: Queue, { settings }: Config) =>
  ({
    taskQueue,
    // A cancelled encode must hear of it within two seconds, not within the default minute.
    maxHeartbeatThrottleInterval: '1 second',
    defaultHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: settings.SPOOL_SHUTDOWN_GRACE_SECONDS * 1000,
    shutdownForceTime: (settings.SPOOL_SHUTDOWN_GRACE_SECONDS + 15) * 1000,
    activityTaskPollerBehavior: { type: 'autoscaling' },
  }) satisfies WorkerOptions

/** The part of a provider's limit that is used. Temporal's limiter is a bucket, so that a second's worth
 * may go at once after a pause, and what it hands out in time may arrive late, together with what comes
 * next: the rest makes up for both over ten seconds. */
const USED_RATIO = 0.9

/** In front of one provider. Temporal hands out no more calls a second than it allows, whoever asks for
 * them and however many workers there are; a call waits in the queue until then. */
const modelQueueOptions = (limits: ModelQueueLimits, config: Config) =>
  ({
    ...commonOptions(providerQueue(limits.name), config),
    maxTaskQueueActivitiesPerSecond: limits.requestsPerSecond * USED_RATIO,
    maxConcurrentActivityTaskExecutions: limits.concurrency,
  }) satisfies WorkerOptions

/** What differs between the queues: how much at once, and who has the workflows. */
export const queueOptions = (queue: (typeof QUEUES)[number], config: Config) => {
  const { settings } = config
  const slots = {
    pipelines: settings.SPOOL_PIPELINE_SLOTS,
    media: config.mediaSlots,
    render: config.renderSlots,
    inference: settings.SPOOL_INFERENCE_SLOTS,
    download: settings.SPOOL_DOWNLOAD_SLOTS,
  }[queue]
  const common = {
    ...commonOptions(queue, config),
    maxConcurrentActivityTaskExecutions: slots,
  } satisfies WorkerOptions
  if (queue !== 'pipelines') return common
  const bundle = settings.SPOOL_WORKFLOW_BUNDLE
  return {
    ...common,
    ...(bundle === undefined
      ? { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) }
      : { workflowBundle: { codePath: bundle } }),
    maxCachedWorkflows: settings.SPOOL_CACHED_WORKFLOWS,
    // A dead worker's workflows go to another one after this long, not after ten seconds.
    stickyQueueScheduleToStartTimeout: '1 second',
    workflowTaskPollerBehavior: { type: 'autoscaling' },
  } satisfies WorkerOptions
}

/** Keeps the starts and ends of steps in the executions' own table. */
export const stepRecorder = (executions: ExecutionsRepository): StepRecorder => ({
  begin: async (executionId, step) => {
    await executions.beginStep({ executionId, step })
  },
  complete: async (executionId, step, outcome) => {
    await executions.endStep({ executionId, step, outcome })
  },
  fail: async (executionId, step, failure) => {
    await executions.endStep({
      executionId,
      step,
      outcome: 'failed',
      error: publicFailure(failure),
    })
  },
})
