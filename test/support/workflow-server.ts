import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker'
import { startTemporal } from '../../scripts/stack/temporal.ts'
import { toolchain } from '../../scripts/stack/toolchain.ts'
import { QUEUES } from '../../src/contracts/queues.ts'

/** A Temporal dev server of the test's own, so that queue names and schedules are its own too. */
export interface WorkflowServer {
  readonly client: Client
  readonly address: string
  /** The file of the bundled workflows, for workers in processes of their own. */
  readonly bundlePath: string
  /** Has workers for all queues while `run` runs. */
  readonly with: (activities: object, run: () => Promise<void>) => Promise<void>
  readonly stop: () => Promise<void>
}

const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url))

export const startWorkflowServer = async (): Promise<WorkflowServer> => {
  const logger = new DefaultLogger('ERROR')
  Runtime.install({ logger })
  const dir = mkdtempSync(join(tmpdir(), 'spool-workflows-'))
  const server = await startTemporal({
    cliPath: toolchain().temporalPath,
    dbFile: join(dir, 'temporal.db'),
    logFile: join(dir, 'temporal.log'),
  })
  const connection = await Connection.connect({ address: server.address })
  const native = await NativeConnection.connect({ address: server.address })
  const { code } = await bundleWorkflowCode({ workflowsPath, logger })
  const bundlePath = join(dir, 'workflows.js')
  writeFileSync(bundlePath, code)

  const work = async (activities: object): Promise<() => Promise<void>> => {
    const workers: Worker[] = []
    for (const taskQueue of QUEUES) {
      workers.push(
        await Worker.create({
          connection: native,
          taskQueue,
          activities,
          maxHeartbeatThrottleInterval: '1 second',
          stickyQueueScheduleToStartTimeout: '1 second',
          ...(taskQueue === 'pipelines' ? { workflowBundle: { code } } : {}),
        }),
      )
    }
    const running = workers.map((worker) => worker.run())
    return async () => {
      for (const worker of workers) worker.shutdown()
      await Promise.all(running)
    }
  }

  return {
    client: new Client({ connection }),
    address: server.address,
    bundlePath,
    with: async (activities, run) => {
      const stop = await work(activities)
      try {
        await run()
      } finally {
        await stop()
      }
    },
    stop: async () => {
      await native.close()
      await connection.close()
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
