import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Connection } from '@temporalio/client'
import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { SEARCH_ATTRIBUTES } from '../../src/domain/search-attributes.ts'

const script = fileURLToPath(
  new URL('../../deploy/temporal/register-namespace.sh', import.meta.url),
)
const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? ''
const cli = process.env['TEST_TEMPORAL_CLI'] ?? ''

it('makes the namespace with all search attributes, and may run again', async () => {
  const namespace = `spool-deploy-${randomBytes(4).toString('hex')}`
  const register = () =>
    promisify(execFile)('/bin/sh', [script], {
      env: {
        PATH: `${dirname(cli)}:/usr/bin:/bin`,
        TEMPORAL_ADDRESS: address,
        TEMPORAL_NAMESPACE: namespace,
      },
    })
  await register()
  await register()

  const connection = await Connection.connect({ address })
  try {
    const { config } = await connection.workflowService.describeNamespace({ namespace })
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600)
    await eventually(async () => {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({
        namespace,
      })
      expect(Object.keys(customAttributes ?? {})).toEqual(
        expect.arrayContaining(Object.values(SEARCH_ATTRIBUTES)),
      )
    })
  } finally {
    await connection.close()
  }
})
