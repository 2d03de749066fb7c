import { Client, Connection } from '@temporalio/client'
import { randomBytes } from 'node:crypto'
import { afterAll } from 'vitest'
import { SEARCH_ATTRIBUTES } from '../../../src/domain/search-attributes.ts'

/** `IndexedValueType` of the gRPC interface. */
const KEYWORD = 2

export interface TestTemporal {
  readonly client: Client
  readonly address: string
  readonly namespace: string
}

/**
 * A namespace of its own for the calling test file on the real server that the tests run with: queue
 * names are fixed, so files that shared a namespace would take each other's work.
 */
export const testTemporal = async (): Promise<TestTemporal> => {
  const address = process.env['TEST_TEMPORAL_ADDRESS']
  if (address === undefined) throw new Error('TEST_TEMPORAL_ADDRESS is not set: run `npm test`')
  const namespace = `api-${randomBytes(6).toString('hex')}`
  const connection = await Connection.connect({ address })
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: (24 * 60 * 60) as never },
  })
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(
      Object.values(SEARCH_ATTRIBUTES).map((name) => [name, KEYWORD]),
    ),
  })
  const client = new Client({ connection, namespace })
  afterAll(() => connection.close())
  return { client, address, namespace }
}
