import { mkdir } from 'node:fs/promises'
import { createActivities } from './activities/create-activities.ts'
import { createActivityDependencies } from './composition/activity-dependencies.ts'
import { createEngines } from './composition/engines.ts'
import { createLogger } from './composition/logger.ts'
import { createModels } from './composition/models.ts'
import { createRepositories } from './composition/repositories.ts'
import { runProgram } from './composition/run-program.ts'
import { ensureSchedules } from './composition/schedules.ts'
import { ensureSearchAttributes } from './composition/search-attributes.ts'
import { openWorkerStorage } from './composition/storage.ts'
import { openWorkerConnection } from './composition/temporal.ts'
import { createWorkerMetrics, serveMetrics } from './composition/worker-metrics.ts'
import { createWorkers, installRuntime } from './composition/workers.ts'
import { keepWorkspacesSwept } from './composition/workspace-sweep.ts'
import { readConfig } from './config.ts'
import { describeConfig } from './config/describe-config.ts'
import { connectDatabase } from './db/database.ts'

/** Starts the Temporal workers of this process and runs them until it is told to stop. */
const main = async (): Promise<void> => {
  const config = readConfig(process.env)
  const { settings } = config
  const log = createLogger(settings, 'worker')
  log.info({ config: describeConfig(config) }, 'the worker starts')
  await mkdir(config.workDir, { recursive: true, mode: 0o700 })
  const intervalMs = settings.SPOOL_SWEEP_INTERVAL_SECONDS * 1000
  const stopSweeping = await keepWorkspacesSwept({ workDir: config.workDir, intervalMs, log })

  installRuntime(log)
  const connection = connectDatabase({
    url: settings.DATABASE_URL,
    poolSizeMax: settings.SPOOL_DATABASE_POOL_MAX,
    applicationName: 'spool-worker',
    onIdleError: (error) => log.warn({ err: error }, 'a database connection was lost'),
  })
  const temporal = await openWorkerConnection(settings)
  const repositories = createRepositories(connection.database)
  const storage = await openWorkerStorage(config, log)
  const { client } = temporal
  const metrics = createWorkerMetrics()
  const { meter } = metrics
  const engines = createEngines(config)
  const activities = createActivities(
    createActivityDependencies({
      config,
      repositories,
      storage,
      client,
      engines,
      models: createModels(config, engines, meter),
      meter,
      log,
    }),
  )
  const port = settings.SPOOL_WORKER_METRICS_PORT
  const stopMetrics = port === 0 ? null : await serveMetrics(metrics.registry, port)
  await ensureSearchAttributes(temporal.connection, temporal.namespace, log)
  await ensureSchedules(client, intervalMs)

  const workers = await createWorkers({
    config,
    connection: temporal.connection,
    namespace: temporal.namespace,
    activities,
    executions: repositories.executions,
    modelQueues: config.models.limits,
    meter,
  })
  log.info({ queues: settings.WORKER_QUEUES }, 'the worker is ready')
  // The runtime hears SIGINT and SIGTERM: each worker drains, then `run` resolves.
  await Promise.all(workers.map((worker) => worker.run()))
  stopSweeping()
  stopMetrics?.()
  await temporal.connection.close()
  await connection.close()
  log.info('the worker has stopped')
}

await runProgram(main)
