import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { activityInfo } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { Client, Connection } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { afterAll } from 'vitest'
import { startTemporal } from '../../scripts/stack/temporal.ts'
import { toolchain } from '../../scripts/stack/toolchain.ts'
import { QUEUES } from '../../src/contracts/queues.ts'
import { workflowBundle } from './workflow-bundle.ts'

/** A Temporal dev server of the test's own, so that queue names and schedules are its own too. */
export interface WorkflowServer {
  readonly client: Client
  readonly address: string
  /** The file of the bundled workflows, for workers in processes of their own. */
  readonly bundlePath: string
  /** Workflows that begin while `run` runs get these activities. From the first time on there are
   * workers for all queues. */
  readonly with: (activities: object, run: () => Promise<void>) => Promise<void>
}

type Activities = Readonly<Record<string, (...input: unknown[]) => Promise<unknown>>>

/** What a workflow leaves behind when its test is over is done by that test's activities. */
const activitiesByWorkflow = () => {
  let current: Activities = {}
  const owned = new Map<string, Activities>()
  const perform = async (...input: unknown[]): Promise<unknown> => {
    const { activityType, workflowExecution } = activityInfo()
    const workflowId = workflowExecution?.workflowId ?? ''
    const activities = owned.get(workflowId) ?? current
    owned.set(workflowId, activities)
    const activity = activities[activityType]
    if (activity !== undefined) return await activity(...input)
    throw ApplicationFailure.nonRetryable(`the test has no activity ${activityType}`)
  }
  const use = (activities: object) => {
    current = activities as Activities
  }
  return { perform, use }
}

/** A worker for each queue, with one way to do all activities. Answers how to stop them. */
const startWorkers = async (
  connection: NativeConnection,
  codePath: string,
  perform: Activities[string],
): Promise<() => Promise<void>> => {
  const workers: Worker[] = []
  for (const taskQueue of QUEUES) {
    workers.push(
      await Worker.create({
        connection,
        taskQueue,
        activities: { default: perform },
        maxHeartbeatThrottleInterval: '100 milliseconds',
        stickyQueueScheduleToStartTimeout: '1 second',
        ...(taskQueue === 'pipelines' ? { workflowBundle: { codePath } } : {}),
      }),
    )
  }
  const running = workers.map((worker) => worker.run())
  return async () => {
    for (const worker of workers) worker.shutdown()
    await Promise.all(running)
  }
}

/** A server for the calling test file, stopped after its tests. Call it at the top of the file. */
export const workflowServer = async (): Promise<WorkflowServer> => {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  const dir = mkdtempSync(join(tmpdir(), 'spool-workflows-'))
  const server = await startTemporal({
    cliPath: toolchain().temporalPath,
    dbFile: join(dir, 'temporal.db'),
    logFile: join(dir, 'temporal.log'),
  })
  const connection = await Connection.connect({ address: server.address })
  const native = await NativeConnection.connect({ address: server.address })
  const bundlePath = await workflowBundle()
  const { perform, use } = activitiesByWorkflow()
  let stopWorkers: (() => Promise<void>) | null = null

  afterAll(async () => {
    await stopWorkers?.()
    await native.close()
    await connection.close()
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  return {
    client: new Client({ connection }),
    address: server.address,
    bundlePath,
    with: async (activities, run) => {
      use(activities)
      stopWorkers ??= await startWorkers(native, bundlePath, perform)
      await run()
    },
  }
}
