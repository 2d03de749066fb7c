import { NativeConnection, Worker } from '@temporalio/worker'
import pino from 'pino'
import { afterAll } from 'vitest'
import { createActivities } from '../../../src/activities/create-activities.ts'
import { activityInterceptors } from '../../../src/activities/lib/interceptors.ts'
import { createActivityDependencies } from '../../../src/composition/activity-dependencies.ts'
import { createEngines } from '../../../src/composition/engines.ts'
import { createModels } from '../../../src/composition/models.ts'
import { openStorage } from '../../../src/composition/storage.ts'
import { createWorkerMetrics } from '../../../src/composition/worker-metrics.ts'
import { stepRecorder } from '../../../src/composition/workers.ts'
import { readConfig } from '../../../src/config.ts'
import type { TestDatabase } from '../../support/database.ts'
import type { ApiUnderTest } from './api-under-test.ts'
import { workflowBundle } from '../../support/workflow-bundle.ts'
import type { TestTemporal } from './temporal-namespace.ts'

/** Serves the real workflows and short activities until the calling file's tests are done. Nobody makes
 * media or calls models: a job that was claimed stays so. */
export const runGenerationWorker = async (
  temporal: TestTemporal,
  database: TestDatabase,
  api: ApiUnderTest,
): Promise<void> => {
  const config = readConfig({
    DATABASE_URL: database.url,
    SPOOL_SECRET: 's'.repeat(32),
    SPOOL_ADMIN_KEY: 'a'.repeat(32),
    SPOOL_PUBLIC_URL: api.dependencies.settings.publicUrl,
    SPOOL_STORAGE_DIR: `${api.folder}/storage`,
    SPOOL_WORK_DIR: `${api.folder}/work`,
  })
  const { meter } = createWorkerMetrics()
  const engines = createEngines(config)
  const activities = createActivities(
    createActivityDependencies({
      config,
      repositories: api.repositories,
      storage: await openStorage(config),
      client: temporal.client,
      engines,
      models: createModels(config, engines),
      log: pino({ level: 'silent' }),
    }),
  )
  const connection = await NativeConnection.connect({ address: temporal.address })
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: 'pipelines',
    workflowBundle: { codePath: await workflowBundle() },
    activities,
    interceptors: {
      activity: [activityInterceptors(stepRecorder(api.repositories.executions), meter)],
    },
    shutdownGraceTime: '1 second',
  })
  const running = worker.run()
  afterAll(async () => {
    worker.shutdown()
    await running
    await connection.close()
  })
}
