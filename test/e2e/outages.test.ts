import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { newCustomer, type AcceptedRender, type Customer } from '../support/stack-customer.ts'
import { accountsOf, ledgerViolations } from '../support/stack-ledger.ts'
import { makeSong } from '../support/stack-media.ts'
import { encodingFor } from '../support/stack-workers.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

let stack: TestStack
let folder: string
let customer: Customer
let songId: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-files-'))
  stack = await startTestStack({ SPOOL_POLL_INTERVAL_SECONDS: '5' })
  await stack.addWorker()
  customer = await newCustomer(stack, { credits: 1_000 })
  songId = (await customer.upload(await makeSong(join(folder, 'song.wav'), 4))).body.id
})

afterAll(async () => {
  await stack?.stop()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const newVideo = () =>
  customer.makeVideo({
    audioMediaId: songId,
    region: { startSeconds: 0, endSeconds: 3 },
    format: '1:1',
  })

/** An order that is being drawn. */
const orderInWork = async (): Promise<AcceptedRender> => {
  stack.setSlow(true)
  const accepted = await customer.order((await newVideo()).id)
  const isTask = (ownerId: string) => ownerId.startsWith('task_')
  await encodingFor(stack, { isOwner: isTask, word: 'rawvideo' })
  return accepted
}

const expectCompletedOnce = async ({ executionId }: AcceptedRender): Promise<void> => {
  stack.setSlow(false)
  expect(await customer.untilOver(executionId)).toMatchObject({
    status: 'completed',
    credits: { held: 3, captured: 3, refunded: 0 },
  })
  expect(await accountsOf(stack, executionId)).toMatchObject({
    captures: 1,
    tasks: [{ round: 1, status: 'completed' }],
  })
  expect(await ledgerViolations(stack)).toEqual([])
}

/** Whatever needs the dead part is refused for now, in time, and with a word on when to come back. */
const expectRefusedForNow = async (method: string, path: string, body?: object): Promise<void> => {
  const askedAtMs = performance.now()
  const refused = await customer.call(method, path, body === undefined ? {} : { body })
  const answeredInMs = Math.round(performance.now() - askedAtMs)
  process.stdout.write(`${method} ${path.replace(/_\w+/, '_…')}: 503 in ${answeredInMs} ms\n`)
  expect({ path, status: refused.status }).toEqual({ path, status: 503 })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  // Two to three seconds on a quiet machine; on any it ends by a deadline of ours, and nobody is kept hanging.
  expect(answeredInMs).toBeLessThan(45_000)
}

const untilReady = () =>
  eventually(async () => expect((await customer.call('GET', '/readyz')).status).toBe(200), 60_000)

test('a render goes on while the API is dead, and its answers are there again after', async () => {
  const accepted = await orderInWork()
  await stack.api.kill()
  stack.setSlow(false)
  await stack.api.start()
  await expectCompletedOnce(accepted)
})

test('a dead PostgreSQL is a 503, and the render that was taken completes', async () => {
  const video = await newVideo()
  const accepted = await orderInWork()
  await stack.postgres.kill()
  await expectRefusedForNow('GET', `/v1/executions/${accepted.executionId}`)
  await expectRefusedForNow('POST', `/v1/videos/${video.id}/renders`)
  await expectRefusedForNow('GET', '/readyz')
  expect((await fetch(`${stack.apiUrl}/healthz`)).status).toBe(200)
  await stack.postgres.start()
  await untilReady()
  await expectCompletedOnce(accepted)
})

test('a dead Temporal is a 503 for orders, and the render that was taken completes', async () => {
  const video = await newVideo()
  const accepted = await orderInWork()
  await stack.temporal.kill()
  await expectRefusedForNow('POST', `/v1/videos/${video.id}/renders`)
  await expectRefusedForNow('POST', `/v1/executions/${accepted.executionId}/cancel`)
  await expectRefusedForNow('GET', '/readyz')
  // What only reads needs no Temporal.
  expect((await customer.execution(accepted.executionId)).status).toBe('processing')
  await stack.temporal.start()
  await untilReady()
  await expectCompletedOnce(accepted)
})

test('an order that was answered 202 is not lost when everything dies at once', async () => {
  stack.setSlow(false)
  const accepted = await Promise.all(
    Array.from({ length: 3 }, async () => await customer.order((await newVideo()).id)),
  )
  await Promise.all([stack.api.kill(), stack.temporal.kill(), stack.postgres.kill()])
  await stack.postgres.start()
  await stack.temporal.start()
  await stack.api.start()
  for (const each of accepted) await expectCompletedOnce(each)
})
