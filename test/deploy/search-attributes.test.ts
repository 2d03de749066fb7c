import { randomBytes } from 'node:crypto'
import { NativeConnection } from '@temporalio/worker'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { ensureSearchAttributes } from '../../src/composition/search-attributes.ts'
import { SEARCH_ATTRIBUTES } from '../../src/domain/search-attributes.ts'
import { eventually } from '../support/eventually.ts'

const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? ''
const names = Object.values(SEARCH_ATTRIBUTES)

const collectingLog = () => {
  const lines: string[] = []
  return { lines, log: pino({ level: 'info' }, { write: (line) => void lines.push(line) }) }
}

it('a namespace of somebody else gets its search attributes from the first worker', async () => {
  const connection = await NativeConnection.connect({ address })
  onTestFinished(() => connection.close())
  const namespace = `spool-attributes-${randomBytes(4).toString('hex')}`
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  })
  const { lines, log } = collectingLog()
  // A new namespace is known everywhere after some seconds.
  await eventually(() => ensureSearchAttributes(connection, namespace, log))
  await eventually(async () => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace,
    })
    expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(names))
  })
  expect(lines.filter((line) => line.includes('were registered'))).toHaveLength(1)

  await ensureSearchAttributes(connection, namespace, log)
  expect(lines).toHaveLength(1)
})

it('a server that lets only its operators register them is no reason to stop', async () => {
  const { lines, log } = collectingLog()
  const refusing = {
    listSearchAttributes: () =>
      Promise.reject(Object.assign(new Error('no such call'), { code: 12 })),
  } as unknown as NativeConnection['operatorService']
  await ensureSearchAttributes({ operatorService: refusing }, 'cloud', log)
  for (const name of names) expect(lines.join()).toContain(name)
})
