// The product's worker with media work that takes no time, and beside it bare Temporal's with the
// same options. A benchmark starts it by instant-worker-process.ts and talks to it by messages.

import type { Client } from '@temporalio/client'
import { Worker } from '@temporalio/worker'
import { createActivities, type AllActivities } from '../src/activities/create-activities.ts'
import { endingTask } from '../src/activities/tasks/ending-task.ts'
import { createActivityDependencies } from '../src/composition/activity-dependencies.ts'
import { createLogger } from '../src/composition/logger.ts'
import { createEngines } from '../src/composition/engines.ts'
import { createModels } from '../src/composition/models.ts'
import { createRepositories } from '../src/composition/repositories.ts'
import { openStorage } from '../src/composition/storage.ts'
import { openWorkerConnection } from '../src/composition/temporal.ts'
import { createWorkerMetrics } from '../src/composition/worker-metrics.ts'
import { createWorkers, installRuntime, queueOptions } from '../src/composition/workers.ts'
import { readConfig, type Config } from '../src/config.ts'
import type { TaskWork } from '../src/contracts/activities.ts'
import { connectDatabase } from '../src/db/database.ts'
import type { ExecutionId } from '../src/domain/ids.ts'
import {
  deliveryKeys,
  renderKeys,
  taskOutputKey,
  thumbnailKeys,
} from '../src/domain/storage-keys.ts'
import { taskEvent } from '../src/workflows/messages.ts'
import { bareSignal, type BareActivities } from './bare-workflows.ts'
import { instantTaskId, type FromWorker, type ToWorker } from './instant-worker-process.ts'

const tell = (message: FromWorker): void => {
  process.send?.(message)
}

/** Nanoseconds of the machine's own clock, which its processes share. */
const nowNs = (): string => process.hrtime.bigint().toString()

const early = new Set<ExecutionId>()
const collected = new Map<ExecutionId, number>()
let signalsItself = false

const instantMedia = (
  client: Client,
): Pick<
  AllActivities,
  'cropAudio' | 'submitRender' | 'collectRender' | 'verifyRender' | 'makeThumbnails'
> => ({
  cropAudio: async ({ executionId, videoId }) => {
    const { croppedAudioKey } = renderKeys(videoId, executionId)
    return { croppedAudioKey, coverKey: null }
  },
  submitRender: async ({ executionId, renderer, workflowId }) => {
    const taskId = instantTaskId(executionId)
    const handle = client.workflow.getHandle(workflowId)
    const signal = () => handle.signal(taskEvent, { taskId, status: 'completed' })
    if (early.has(executionId)) await signal()
    else if (signalsItself) setImmediate(() => void signal())
    else tell({ type: 'submitted', id: executionId })
    return { renderer, taskId }
  },
  collectRender: async ({ executionId, videoId, round }) => {
    if (!signalsItself) tell({ type: 'began', id: executionId, atNs: nowNs() })
    collected.set(executionId, (collected.get(executionId) ?? 0) + 1)
    return { videoKey: deliveryKeys(videoId, executionId, round).videoKey, renderTimeSeconds: 1 }
  },
  verifyRender: async () => undefined,
  makeThumbnails: async ({ videoKey }) => thumbnailKeys(videoKey),
})

const instantConversion: TaskWork['convertTask'] = async ({ taskId }) => ({
  storageKey: taskOutputKey(taskId, 'png'),
  contentType: 'image/png',
  sizeBytes: 1,
  durationSeconds: null,
  widthPx: 1,
  heightPx: 1,
})

const bareActivities = (client: Client): BareActivities => ({
  nothing: async (input) => input,
  submit: async ({ id, workflowId }) => {
    setImmediate(() => void client.workflow.getHandle(workflowId).signal(bareSignal))
    return { id }
  },
  began: async (input) => {
    tell({ type: 'began', id: input.id, atNs: nowNs() })
    return input
  },
})

/** Only a benchmark that measures against them has their workflows bundled. */
const createBareWorkers = async (
  config: Config,
  { connection, namespace, client }: Awaited<ReturnType<typeof openWorkerConnection>>,
): Promise<Worker[]> => {
  const codePath = process.env['BARE_WORKFLOW_BUNDLE']
  if (codePath === undefined) return []
  const common = { connection, namespace, activities: bareActivities(client) }
  return [
    await Worker.create({
      ...queueOptions('pipelines', config),
      ...common,
      taskQueue: 'bare',
      workflowBundle: { codePath },
    }),
    await Worker.create({ ...queueOptions('media', config), ...common, taskQueue: 'bare-media' }),
  ]
}

const hear = (message: ToWorker): void => {
  if (message.type === 'mode') signalsItself = message.signalsItself
  if (message.type === 'early') for (const id of message.ids) early.add(id)
  if (message.type === 'report') {
    tell({
      type: 'report',
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      collected: [...collected],
    })
  }
}

const main = async (): Promise<void> => {
  const config = readConfig(process.env)
  const log = createLogger(config.settings, 'worker')
  installRuntime(log)
  const connection = connectDatabase({
    url: config.settings.DATABASE_URL,
    poolSizeMax: config.settings.SPOOL_DATABASE_POOL_MAX,
    applicationName: 'spool-bench-worker',
    onIdleError: (error) => log.warn({ err: error }, 'a database connection was lost'),
  })
  const temporal = await openWorkerConnection(config.settings)
  const repositories = createRepositories(connection.database)
  const storage = await openStorage(config)
  const { client } = temporal
  const engines = createEngines(config)
  const deps = createActivityDependencies({
    config,
    repositories,
    storage,
    client,
    engines,
    models: createModels(config, engines),
    log,
  })
  const activities = {
    ...createActivities(deps),
    ...instantMedia(client),
    convertTask: endingTask(deps, instantConversion),
  }
  const workers = [
    ...(await createWorkers({
      connection: temporal.connection,
      namespace: temporal.namespace,
      config,
      activities,
      executions: repositories.executions,
      modelQueues: config.models.limits,
      meter: createWorkerMetrics().meter,
    })),
    ...(await createBareWorkers(config, temporal)),
  ]
  process.on('message', hear)
  const running = Promise.all(workers.map((worker) => worker.run()))
  tell({ type: 'ready' })
  await running
  await temporal.connection.close()
  await connection.close()
  process.disconnect()
}

await main()
