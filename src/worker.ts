import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker'
import type { Logger } from 'pino'
import { createActivities, type AllActivities } from './activities/create-activities.ts'
import { activityInterceptors, type StepRecorder } from './activities/lib/interceptors.ts'
import { sweepWorkspaces } from './activities/lib/workspace.ts'
import { createActivityDependencies } from './composition/activity-dependencies.ts'
import { createLogger } from './composition/logger.ts'
import { createRepositories } from './composition/repositories.ts'
import { ensureSchedules } from './composition/schedules.ts'
import { openStorage } from './composition/storage.ts'
import { openWorkerConnection } from './composition/temporal.ts'
import { createWorkerMetrics, serveMetrics } from './composition/worker-metrics.ts'
import { readConfig, type Config } from './config.ts'
import type { Queue } from './contracts/queues.ts'
import { connectDatabase } from './db/database.ts'
import { publicFailure } from './domain/failures.ts'

/** Starts the Temporal workers of this process and runs them until it is told to stop. */
const main = async (): Promise<void> => {
  const config = readConfig(process.env)
  const { settings } = config
  const log = createLogger(settings, 'worker')
  await mkdir(config.workDir, { recursive: true, mode: 0o700 })
  await sweepWorkspaces(config.workDir)

  installRuntime(log)
  const connection = connectDatabase({
    url: settings.DATABASE_URL,
    poolSizeMax: settings.SPOOL_DATABASE_POOL_MAX,
    applicationName: 'spool-worker',
    onIdleError: (error) => log.warn({ err: error }, 'a database connection was lost'),
  })
  const temporal = await openWorkerConnection(settings)
  const repositories = createRepositories(connection.database)
  const storage = await openStorage(config)
  const { client } = temporal
  const activities = createActivities(
    createActivityDependencies({ config, repositories, storage, client, log }),
  )
  const metrics = createWorkerMetrics()
  const port = settings.SPOOL_WORKER_METRICS_PORT
  const stopMetrics = port === 0 ? null : await serveMetrics(metrics.registry, port)
  await ensureSchedules(client, settings.SPOOL_SWEEP_INTERVAL_SECONDS * 1000)

  const recorder = stepRecorder(repositories.executions)
  const workers: Worker[] = []
  for (const queue of settings.WORKER_QUEUES) {
    workers.push(
      await Worker.create({
        connection: temporal.connection,
        namespace: temporal.namespace,
        ...queueOptions(queue, config, activities),
        interceptors: { activity: [activityInterceptors(recorder, metrics.meter)] },
      }),
    )
  }
  log.info({ queues: settings.WORKER_QUEUES }, 'the worker is ready')
  // The runtime hears SIGINT and SIGTERM: each worker drains, then `run` resolves.
  await Promise.all(workers.map((worker) => worker.run()))
  stopMetrics?.()
  await temporal.connection.close()
  await connection.close()
  log.info('the worker has stopped')
}

const installRuntime = (log: Logger): void => {
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta: given }) => {
      // A task token says nothing to a reader, in two hundred characters.
      const { taskToken: _, ...meta } = given ?? {}
      // The SDK tells of every poller and state; of those only what is wrong is news.
      const isOurs = meta['sdkComponent'] === 'workflow' || meta['sdkComponent'] === 'activity'
      if (level === 'ERROR') log.error(meta, message)
      else if (level === 'WARN' && !message.startsWith('No workflows')) log.warn(meta, message)
      else if (isOurs) log.info(meta, message)
    }),
  })
}

/** What differs between the queues: how much at once, and who has the workflows. */
const queueOptions = (queue: Queue, config: Config, activities: AllActivities) => {
  const { settings } = config
  const slots = {
    pipelines: settings.SPOOL_PIPELINE_SLOTS,
    media: config.mediaSlots,
    render: config.renderSlots,
  }[queue]
  const common = {
    taskQueue: queue,
    activities,
    maxConcurrentActivityTaskExecutions: slots,
    // A cancelled encode must hear of it within two seconds, not within the default minute.
    maxHeartbeatThrottleInterval: '1 second',
    defaultHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: settings.SPOOL_SHUTDOWN_GRACE_SECONDS * 1000,
    shutdownForceTime: (settings.SPOOL_SHUTDOWN_GRACE_SECONDS + 15) * 1000,
    activityTaskPollerBehavior: { type: 'autoscaling' },
  } satisfies WorkerOptions
  if (queue !== 'pipelines') return common
  const bundle = settings.SPOOL_WORKFLOW_BUNDLE
  return {
    ...common,
    ...(bundle === undefined
      ? { workflowsPath: fileURLToPath(new URL('./workflows/index.ts', import.meta.url)) }
      : { workflowBundle: { codePath: bundle } }),
    maxCachedWorkflows: settings.SPOOL_CACHED_WORKFLOWS,
    // A dead worker's workflows go to another one after this long, not after ten seconds.
    stickyQueueScheduleToStartTimeout: '1 second',
    workflowTaskPollerBehavior: { type: 'autoscaling' },
  } satisfies WorkerOptions
}

const stepRecorder = (
  executions: ReturnType<typeof createRepositories>['executions'],
): StepRecorder => ({
  begin: async (executionId, step) => {
    await executions.beginStep({ executionId, step })
  },
  complete: async (executionId, step, outcome) => {
    await executions.endStep({ executionId, step, outcome })
  },
  fail: async (executionId, step, failure) => {
    await executions.endStep({ executionId, step, outcome: 'failed', error: publicFailure(failure) })
  },
})

await main()
