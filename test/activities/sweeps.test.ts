import { expect, it } from 'vitest'
import { holdId, pipelineWorkflowId, type ExecutionId } from '../../src/domain/ids.ts'
import { newPipelineOrder } from '../support/pipeline-orders.ts'
import { newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'

const world = await startActivityWorld()
const { repositories } = world
const HOUR_MS = 3_600_000

/** The clock of the activities, so much later than the one on the wall. */
const later = (ms: number) => ({ clock: () => new Date(Date.now() + ms) })

it('ends holds whose workflow is closed, and leaves those of a running one to it', async () => {
  const [running, closed] = [await world.order(), await world.order()]
  const isWorkflowRunning = async (workflowId: string) => workflowId === running.workflowId
  const change = { isWorkflowRunning, ...later(2 * HOUR_MS) }
  expect(await world.run('expireHolds', undefined, { change })).toEqual({ expired: 1 })

  const stateOf = async (executionId: string) =>
    (await repositories.ledger.holdOf(holdId(executionId)))?.state
  expect(await stateOf(running.executionId)).toBe('pending')
  expect(await stateOf(closed.executionId)).toBe('expired')
  expect(await repositories.ledger.balance(closed.accountId)).toMatchObject({ held: 0 })
  const statusOf = async (executionId: ExecutionId) =>
    (await repositories.executions.findById(executionId))?.status
  expect(await statusOf(running.executionId)).toBe('pending')
  expect(await statusOf(closed.executionId)).toBe('canceled')
  expect(await world.run('expireHolds', undefined, { change })).toEqual({ expired: 0 })
})

it('ends executions of accounts that are not billed, once their workflow is closed', async () => {
  const { accountId } = await world.order()
  const admitted = async () => {
    const order = { ...newPipelineOrder('generate'), accountId }
    const workflowId = pipelineWorkflowId('generate', order.executionId)
    await repositories.executions.admitOrder({
      ...{ order, workflowId, holdExpiresAt: new Date() },
      steps: [{ name: 'job card', priceCredits: 0 }],
    })
    return { id: order.executionId, workflowId }
  }
  const [running, closed] = [await admitted(), await admitted()]
  const isWorkflowRunning = async (workflowId: string) => workflowId !== closed.workflowId
  const statusOf = async (id: ExecutionId) => (await repositories.executions.findById(id))?.status
  const sweep = (ms: number) =>
    world.run('expireHolds', undefined, { change: { isWorkflowRunning, ...later(ms) } })

  await sweep(0)
  expect(await statusOf(closed.id)).toBe('pending')
  await sweep(world.deps.settings.holdTtlMs + HOUR_MS)
  expect([await statusOf(running.id), await statusOf(closed.id)]).toEqual(['pending', 'canceled'])
  expect(await repositories.ledger.audit()).toEqual([])
})

it('asks Temporal, for whom an unknown workflow is one that does not run', async () => {
  expect(await world.deps.isWorkflowRunning('render-vid_nobodyknowsit')).toBe(false)
})

it('leaves holds alone whose time has not come', async () => {
  const { executionId } = await world.order()
  const change = { isWorkflowRunning: async () => false }
  await world.run('expireHolds', undefined, { change })
  expect((await repositories.ledger.holdOf(holdId(executionId)))?.state).toBe('pending')
})

it('forgets events of executions that ended long ago, and nothing younger', async () => {
  const order = await world.order()
  const { executionId } = order
  await repositories.executions.abandon({
    executionId,
    ending: 'canceled',
    failure: null,
    step: null,
  })
  const events = () => repositories.executions.events({ executionId, afterSequence: 0, limit: 100 })
  await world.run('pruneRecords', undefined, { change: later(24 * HOUR_MS) })
  expect((await events()).length).toBeGreaterThan(0)
  const change = later(31 * 24 * HOUR_MS)
  const pruned = await world.run('pruneRecords', undefined, { change })
  expect(pruned.events).toBeGreaterThan(0)
  expect(await events()).toEqual([])
})

it('forgets plans that were never admitted, and claims of runs that are over', async () => {
  const { accountId } = await world.order()
  const plan = async (executionId: ExecutionId) => {
    const job = {
      id: 'card',
      dependsOn: [],
      operation: 'generateImage' as const,
      choices: [{ model: 'local/card', provider: 'local' }],
      params: { prompt: 'a hill' },
    }
    await repositories.generations.store({
      executionId,
      accountId,
      body: { jobs: [job] },
      maxCredits: null,
      baseExecutionId: null,
      webhook: null,
      jobs: [{ job, upperCredits: 1 }],
    })
    const claim = { cacheKey: executionId, executionId, jobId: 'card', models: null }
    await repositories.generations.claim(accountId, [{ ...claim, takes: true }])
  }
  const [admitted, never] = [(await world.order()).executionId, newId('execution')]
  await plan(admitted)
  await plan(never)
  const isThere = async (executionId: ExecutionId) =>
    (await repositories.generations.generationOf(executionId)) !== null

  const young = await world.run('pruneRecords', undefined, { change: later(HOUR_MS) })
  expect(young).toMatchObject({ unadmittedPlans: 0, staleClaims: 0 })
  const old = await world.run('pruneRecords', undefined, { change: later(49 * HOUR_MS) })
  expect(old).toMatchObject({ unadmittedPlans: 1, staleClaims: 1 })
  expect([await isThere(admitted), await isThere(never)]).toEqual([true, false])
})
