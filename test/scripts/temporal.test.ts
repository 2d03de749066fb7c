import { join } from 'node:path'
import { Connection, WorkflowClient } from '@temporalio/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startTemporal } from '../../scripts/stack/temporal.ts'
import { SEARCH_ATTRIBUTES } from '../../src/domain/search-attributes.ts'
import { processIdentity } from '../../scripts/stack/process-identity.ts'
import { toolchain } from '../../scripts/stack/toolchain.ts'
import { eventually, tempFolder } from './temp-folder.ts'

async function started(folder: string) {
  const server = await startTemporal({
    cliPath: toolchain().temporalPath,
    dbFile: join(folder, 'temporal.db'),
    logFile: join(folder, 'temporal.log'),
  })
  onTestFinished(() => server.stop())
  const connection = await Connection.connect({ address: server.address })
  onTestFinished(() => connection.close())
  return { server, connection }
}

describe('embedded Temporal', () => {
  it('knows the search attributes, keeps runs for 30 days, shows its UI, and stops', async () => {
    const { server, connection } = await started(tempFolder())
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: 'default',
    })
    expect(Object.keys(customAttributes)).toEqual(
      expect.arrayContaining(Object.values(SEARCH_ATTRIBUTES)),
    )
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' })
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600)
    expect((await fetch(server.uiUrl)).status).toBe(200)
    expect((await fetch(server.metricsUrl)).status).toBe(200)
    await server.stop()
    expect(processIdentity(server.pid)).toBeNull()
  })

  it('loses no started workflow when it is killed', async () => {
    const folder = tempFolder()
    const first = await started(folder)
    const client = new WorkflowClient({ connection: first.connection })
    const started30 = Array.from({ length: 30 }, (_, index) =>
      client.start('waits', { workflowId: `kept-${index}`, taskQueue: 'nobody-listens' }),
    )
    await Promise.all(started30)
    process.kill(first.server.pid, 'SIGKILL')
    await eventually(() => processIdentity(first.server.pid) === null)

    const second = await started(folder)
    const reader = new WorkflowClient({ connection: second.connection })
    for (let index = 0; index < 30; index++) {
      const { status } = await reader.getHandle(`kept-${index}`).describe()
      expect(status.name).toBe('RUNNING')
    }
  })
})
