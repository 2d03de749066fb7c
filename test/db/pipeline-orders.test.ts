import { beforeEach, describe, expect, test } from 'vitest'
import type { BranchResult, PipelineOrder } from '../../src/contracts/orders.ts'
import { createExecutionsRepository } from '../../src/db/repositories/executions.ts'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import type { AccountId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, newId } from '../support/records.ts'

const { database } = await testDatabase()
const executions = createExecutionsRepository(database)
const ledger = createLedgerRepository(database)

/** Ten credits for two branches, and nothing for what is around them. */
const STEPS = [
  { name: 'hold credits', priceCredits: 0 },
  { name: 'probe', priceCredits: 0 },
  { name: 'ladder', priceCredits: 7 },
  { name: 'poster', priceCredits: 3 },
  { name: 'assemble', priceCredits: 0 },
  { name: 'notify', priceCredits: 0 },
]

let accountId: AccountId
beforeEach(async () => {
  accountId = await insertAccount(database, 20)
})

const newOrder = (): PipelineOrder => ({
  executionId: newId('execution'),
  accountId,
  pipeline: 'stream',
  subjectId: newId('media'),
  round: 0,
  priority: 3,
  input: { language: 'en' },
})

const request = (order: PipelineOrder, steps = STEPS) => ({
  order,
  workflowId: `stream-${order.executionId}`,
  steps,
  holdExpiresAt: new Date(Date.now() + 60_000),
})

const branch = (step: string, outcome: BranchResult['outcome']): BranchResult => ({
  step,
  outcome,
  failure: outcome === 'failed' ? 'ENCODER_CRASHED' : null,
  outputs: outcome === 'completed' ? { [step]: `key/of/${step}` } : {},
})

/** The same steps, once the ladder of the source has turned out to cost this. */
const measured = (order: PipelineOrder, ladderCredits: number) =>
  request(
    order,
    STEPS.map((step) => (step.name === 'ladder' ? { ...step, priceCredits: ladderCredits } : step)),
  )

const complete = (
  { executionId }: PipelineOrder,
  outcome: 'completed' | 'partial' | 'error' | 'canceled',
  branches: readonly BranchResult[],
) => executions.completeBranches({ executionId, outcome, branches, step: 'assemble' })

const isSound = async () => expect(await ledger.audit()).toEqual([])

/** An order of which the poster failed. */
const partialOrder = async (): Promise<PipelineOrder> => {
  const order = newOrder()
  await executions.admitOrder(request(order))
  await complete(order, 'partial', [branch('ladder', 'completed'), branch('poster', 'failed')])
  return order
}

describe('an order', () => {
  test('holds the prices of its steps, once, whoever asks again', async () => {
    const order = newOrder()
    const answers = await Promise.all([
      executions.admitOrder(request(order)),
      executions.admitOrder(request(order)),
    ])
    const held = { status: 'held', amountCredits: 10, done: ['hold credits'], outputs: {} }
    expect(answers).toEqual([held, held])
    expect(await ledger.balance(accountId)).toEqual({ posted: 20, held: 10, available: 10 })
    expect(await executions.findById(order.executionId)).toMatchObject({
      pipeline: 'stream',
      status: 'pending',
      input: { language: 'en' },
    })
    await isSound()
  })

  test('that cannot be paid leaves nothing behind', async () => {
    accountId = await insertAccount(database, 9)
    const order = newOrder()
    expect(await executions.admitOrder(request(order))).toEqual({
      status: 'declined',
      neededCredits: 10,
      availableCredits: 9,
    })
    expect(await executions.findById(order.executionId)).toBeNull()
  })

  test('that was completed pays for what was made, and skipping is free', async () => {
    const order = newOrder()
    await executions.admitOrder(request(order))
    const branches = [branch('ladder', 'completed'), branch('poster', 'skipped')]
    expect(await complete(order, 'completed', branches)).toEqual({
      capturedCredits: 7,
      isRepeated: false,
    })
    expect(await complete(order, 'completed', branches)).toEqual({
      capturedCredits: 7,
      isRepeated: true,
    })
    expect(await ledger.balance(accountId)).toEqual({ posted: 13, held: 0, available: 13 })
    await isSound()
  })

  test('that is canceled pays for what was delivered until then', async () => {
    const order = newOrder()
    await executions.admitOrder(request(order))
    await complete(order, 'canceled', [branch('ladder', 'canceled'), branch('poster', 'completed')])
    const found = await executions.findById(order.executionId)
    expect(found).toMatchObject({
      status: 'canceled',
      error: null,
      credits: { heldCredits: 10, capturedCredits: 3, refundedCredits: 7 },
    })
    await isSound()
  })

  test('whose source turns out dearer holds the rest, once, or nothing more', async () => {
    const order = newOrder()
    await executions.admitOrder(request(order))
    expect(await executions.raiseHold(measured(order, 12))).toMatchObject({ amountCredits: 15 })
    expect(await executions.raiseHold(measured(order, 12))).toMatchObject({ amountCredits: 15 })
    expect((await ledger.balance(accountId)).held).toBe(15)
    const branches = [branch('ladder', 'completed'), branch('poster', 'completed')]
    expect(await complete(order, 'completed', branches)).toMatchObject({ capturedCredits: 15 })
    expect(await ledger.balance(accountId)).toEqual({ posted: 5, held: 0, available: 5 })

    accountId = await insertAccount(database, 12)
    const poor = newOrder()
    await executions.admitOrder(request(poor))
    const raised = await executions.raiseHold(measured(poor, 12))
    expect(raised).toEqual({ status: 'declined', neededCredits: 5, availableCredits: 2 })
    await isSound()
  })
})

describe('a retry', () => {
  test('holds what is left, opens that alone, and adds to what was delivered', async () => {
    const order = await partialOrder()
    expect(await executions.findById(order.executionId)).toMatchObject({
      status: 'partial',
      error: { code: 'ENCODER_CRASHED', step: 'poster' },
      credits: { heldCredits: 10, capturedCredits: 7, refundedCredits: 3 },
    })
    const retry = { ...order, round: 1 }
    expect(await executions.admitOrder(request(retry))).toEqual({
      status: 'held',
      amountCredits: 3,
      done: ['hold credits', 'ladder'],
      outputs: { ladder: 'key/of/ladder' },
    })
    const opened = await executions.findById(order.executionId)
    expect(opened).toMatchObject({ status: 'pending', error: null, finishedAt: null, retries: 1 })
    expect(opened?.steps.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'hold credits: completed',
      'probe: pending',
      'ladder: completed',
      'poster: pending',
      'assemble: pending',
      'notify: pending',
    ])
    await complete(retry, 'completed', [branch('poster', 'completed')])
    expect(await executions.findById(order.executionId)).toMatchObject({
      status: 'completed',
      outputKeys: { ladder: 'key/of/ladder', poster: 'key/of/poster' },
      credits: { heldCredits: 13, capturedCredits: 10, refundedCredits: 3 },
    })
    expect((await ledger.balance(accountId)).posted).toBe(10)
    await isSound()
  })

  test('that cannot be paid leaves the order as it was, and the next one counts anew', async () => {
    accountId = await insertAccount(database, 10)
    const order = await partialOrder()
    const other = newOrder()
    await executions.admitOrder(request(other, [{ name: 'ladder', priceCredits: 2 }]))
    const declined = { status: 'declined', neededCredits: 3, availableCredits: 1 }
    expect(await executions.admitOrder(request({ ...order, round: 1 }))).toEqual(declined)
    expect(await executions.findById(order.executionId)).toMatchObject({ status: 'partial' })
    await ledger.topUp({ accountId, amountCredits: 5, reference: 'more' })
    expect(await executions.admitOrder(request({ ...order, round: 1 }))).toMatchObject({
      status: 'declined',
    })
    expect(await executions.admitOrder(request({ ...order, round: 2 }))).toMatchObject({
      status: 'held',
      amountCredits: 3,
    })
    await isSound()
  })

  test('of what was too dear once its source was measured holds the measured price', async () => {
    accountId = await insertAccount(database, 12)
    const order = { ...newOrder(), input: { sealedUrl: 'sealed' } }
    const { executionId } = order
    await executions.admitOrder(request(order))
    await executions.beginStep({ executionId, step: 'probe' })
    await executions.endStep({ executionId, step: 'probe', outcome: 'completed' })
    expect(await executions.raiseHold(measured(order, 12))).toMatchObject({ status: 'declined' })
    const failure = { ending: 'error', failure: 'INSUFFICIENT_CREDITS', step: null } as const
    await executions.abandon({ executionId, ...failure })

    const again = (round: number) => executions.admitOrder(measured({ ...order, round }, 12))
    expect(await again(1)).toEqual({
      status: 'declined',
      neededCredits: 15,
      availableCredits: 12,
    })
    await ledger.topUp({ accountId, amountCredits: 10, reference: 'more' })
    const held = { status: 'held', amountCredits: 15, done: ['hold credits', 'probe'] }
    expect(await again(2)).toMatchObject(held)
    expect(await again(2)).toMatchObject(held)
    expect((await ledger.balance(accountId)).held).toBe(15)
    const branches = [branch('ladder', 'completed'), branch('poster', 'completed')]
    expect(await complete(order, 'completed', branches)).toMatchObject({ capturedCredits: 15 })
    expect(await ledger.balance(accountId)).toEqual({ posted: 7, held: 0, available: 7 })
    await isSound()
  })

  test('of a source that was known from the first keeps the prices of the first order', async () => {
    const order = await partialOrder()
    const dearer = STEPS.map((step) => ({ ...step, priceCredits: step.priceCredits + 1 }))
    const retried = await executions.admitOrder(request({ ...order, round: 1 }, dearer))
    expect(retried).toMatchObject({ status: 'held', amountCredits: 3 })
  })

  test('of which nothing comes leaves what was delivered before', async () => {
    const order = await partialOrder()
    await executions.admitOrder(request({ ...order, round: 1 }))
    const { executionId } = order
    const input = { executionId, ending: 'canceled' as const, failure: null, step: null }
    expect(await executions.abandon(input)).toMatchObject({ status: 'partial', releasedCredits: 3 })
    expect(await executions.findById(executionId)).toMatchObject({
      status: 'partial',
      outputKeys: { ladder: 'key/of/ladder' },
      credits: { heldCredits: 13, capturedCredits: 7, refundedCredits: 6 },
    })
    await isSound()
  })

  test('of what is complete, canceled, in work or unknown is refused', async () => {
    const conflict = { code: 'CONFLICT' }
    const inWork = newOrder()
    await executions.admitOrder(request(inWork))
    await expect(executions.admitOrder(request({ ...inWork, round: 1 }))).rejects.toMatchObject(
      conflict,
    )
    await complete(inWork, 'canceled', [])
    await expect(executions.admitOrder(request({ ...inWork, round: 1 }))).rejects.toMatchObject(
      conflict,
    )
    await expect(executions.admitOrder(request({ ...newOrder(), round: 1 }))).rejects.toMatchObject(
      { code: 'NOT_FOUND' },
    )
    const order = await partialOrder()
    await expect(executions.admitOrder(request({ ...order, round: 2 }))).rejects.toMatchObject(
      conflict,
    )
  })
})
