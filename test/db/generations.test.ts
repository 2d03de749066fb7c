import { beforeEach, describe, expect, test } from 'vitest'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import { createExecutionsRepository } from '../../src/db/repositories/executions.ts'
import type { ClaimRequest } from '../../src/db/repositories/generation-cache.ts'
import { createGenerationsRepository } from '../../src/db/repositories/generations.ts'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import type { AccountId, ExecutionId } from '../../src/domain/ids.ts'
import type { JobResult, PlanJob } from '../../src/domain/generation/plan.ts'
import { jobStep } from '../../src/domain/steps.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, newId } from '../support/records.ts'

const { database } = await testDatabase()
const executions = createExecutionsRepository(database)
const ledger = createLedgerRepository(database)
const generations = createGenerationsRepository(database)

const CARD = { model: 'local/card', provider: 'local' }

const imageJob = (id: string): PlanJob => ({
  id,
  operation: 'generateImage',
  choices: [CARD],
  params: { prompt: id },
  dependsOn: [],
})

const resultOf = (name: string): JobResult => ({
  media: 'image',
  storageKey: `generations/${name}.png`,
  contentType: 'image/png',
  sizeBytes: 1,
  sha256: name,
  durationSeconds: null,
  widthPx: 1,
  heightPx: 1,
  frameRate: null,
})

let accountId: AccountId
beforeEach(async () => {
  accountId = await insertAccount(database, 100)
})

const store = async (jobIds: readonly string[]): Promise<ExecutionId> => {
  const executionId = newId('execution')
  await generations.store({
    executionId,
    accountId,
    body: { jobs: [] },
    maxCredits: 50,
    baseExecutionId: null,
    webhook: null,
    jobs: jobIds.map((id) => ({ job: imageJob(id), upperCredits: 10 })),
  })
  return executionId
}

const orderOf = (executionId: ExecutionId): PipelineOrder => ({
  executionId,
  accountId,
  pipeline: 'generate',
  subjectId: executionId,
  round: 0,
  priority: 3,
  input: {},
})

/** A plan in work: ten credits are held for each job. */
const admitted = async (...jobIds: string[]): Promise<ExecutionId> => {
  const executionId = await store(jobIds)
  const steps = [
    { name: 'hold credits', priceCredits: 0 },
    ...jobIds.map((id) => ({ name: jobStep(id), priceCredits: 10 })),
    { name: 'deliver', priceCredits: 0 },
    { name: 'notify', priceCredits: 0 },
  ]
  await executions.admitOrder({
    order: orderOf(executionId),
    workflowId: `generate-${executionId}`,
    steps,
    holdExpiresAt: new Date(Date.now() + 60_000),
  })
  return executionId
}

const abandon = (executionId: ExecutionId) =>
  executions.abandon({ executionId, ending: 'error', failure: 'INTERNAL', step: null })

const request = (executionId: ExecutionId, jobId: string, change: Partial<ClaimRequest> = {}) => ({
  ...{ cacheKey: 'key', executionId, jobId },
  ...{ models: [CARD.model], takes: true, ...change },
})

const claim = async (...asked: Parameters<typeof request>) => {
  const [claimed] = await generations.claim(accountId, [request(...asked)])
  return claimed
}

const deliver = (
  executionId: ExecutionId,
  jobId: string,
  change: Partial<Parameters<typeof generations.deliver>[0]> = {},
) =>
  generations.deliver({
    ...{ executionId, jobId, result: resultOf(jobId), ...CARD },
    ...{ priceCredits: 4, costMicroUsd: 9, endsStep: true, ...change },
  })

const stepOf = async (executionId: ExecutionId, jobId: string) =>
  (await executions.find(accountId, executionId))?.steps.find(({ name }) => name === jobStep(jobId))

describe('a plan', () => {
  test('is kept once, in the order of its jobs, for its account alone', async () => {
    const executionId = await store(['b', 'a'])
    await generations.store({
      executionId,
      accountId,
      body: { jobs: ['another'] },
      maxCredits: null,
      baseExecutionId: null,
      webhook: null,
      jobs: [{ job: imageJob('c'), upperCredits: 1 }],
    })
    const found = await generations.find(accountId, executionId)
    expect(found).toMatchObject({ body: { jobs: [] }, maxCredits: 50 })
    expect(found?.jobs.map(({ jobId }) => jobId)).toEqual(['b', 'a'])
    expect(await generations.find(await insertAccount(database), executionId)).toBeNull()
  })

  test('that was never admitted is forgotten, and one that was stays', async () => {
    const declined = await store(['a'])
    const kept = await admitted('a')
    const soon = new Date(Date.now() + 60_000)
    expect(await generations.pruneUnadmitted(new Date(0))).toBe(0)
    expect(await generations.pruneUnadmitted(soon)).toBeGreaterThan(0)
    expect(await generations.find(accountId, declined)).toBeNull()
    expect(await generations.find(accountId, kept)).not.toBeNull()
  })

  test('takes a higher limit, and no lower one, from its account', async () => {
    const executionId = await store(['a'])
    const raise = (maxCredits: number, owner = accountId) =>
      generations.raiseLimit({ accountId: owner, executionId, maxCredits })
    expect(await raise(50)).toBe(false)
    expect(await raise(60, await insertAccount(database))).toBe(false)
    expect(await raise(60)).toBe(true)
    expect(await generations.generationOf(executionId)).toMatchObject({ maxCredits: 60 })
  })
})

describe('what was made before', () => {
  test('has one maker, of twenty who ask at once', async () => {
    // A maker whose order was declined is none: its claim is free.
    accountId = await insertAccount(database, 200)
    const ids = await Promise.all(Array.from({ length: 20 }, () => admitted('a')))
    const claims = await Promise.all(ids.map((id) => claim(id, 'a')))
    const owners = ids.filter((_, index) => claims[index]?.state === 'mine')
    expect(owners).toHaveLength(1)
    const taken = { state: 'taken', executionId: owners[0], jobId: 'a' }
    const others = claims.filter((one) => one?.state !== 'mine')
    expect(others).toHaveLength(19)
    for (const other of others) expect(other).toEqual(taken)
    expect(await claim(owners[0]!, 'a')).toEqual({ state: 'mine' })
  })

  test('is everybody’s of the account from its delivery on, and nobody else’s', async () => {
    const [first, second] = [await admitted('a'), await admitted('b')]
    await claim(first, 'a')
    await deliver(first, 'a')
    const hit = { state: 'hit', result: resultOf('a'), ...CARD }
    expect(await claim(second, 'b')).toEqual(hit)
    expect(await claim(second, 'b', { takes: false })).toEqual(hit)
    accountId = await insertAccount(database, 100)
    expect(await claim(await admitted('a'), 'a', { takes: false })).toEqual({ state: 'free' })
  })

  test('is asked for by many jobs at once: of equal ones the first is the maker', async () => {
    const [first, second] = [await admitted('a'), await admitted('b', 'c', 'd')]
    await claim(first, 'a')
    await deliver(first, 'a')
    const asked = [
      request(second, 'b', { cacheKey: 'new' }),
      request(second, 'c', { cacheKey: 'new' }),
      request(second, 'd'),
    ]
    const answers = [
      { state: 'mine' },
      { state: 'taken', executionId: second, jobId: 'b' },
      { state: 'hit', result: resultOf('a'), ...CARD },
    ]
    expect(await generations.claim(accountId, asked)).toEqual(answers)
    expect(await generations.claim(accountId, asked)).toEqual(answers)
  })

  test('that is taken over from others is taken over by one of equal jobs', async () => {
    const [dead, other] = [await admitted('a'), await admitted('a')]
    const heirs = await admitted('b', 'c', 'd', 'e')
    await claim(dead, 'a')
    await abandon(dead)
    await claim(other, 'a', { cacheKey: 'of another model' })
    await deliver(other, 'a')
    const ofDead = { cacheKey: 'key' }
    const ofOther = { cacheKey: 'of another model', models: ['another'] }
    const asked = [
      request(heirs, 'b', ofDead),
      request(heirs, 'c', ofDead),
      request(heirs, 'd', ofOther),
      request(heirs, 'e', ofOther),
    ]
    expect(await generations.claim(accountId, asked)).toEqual([
      { state: 'mine' },
      { state: 'taken', executionId: heirs, jobId: 'b' },
      { state: 'mine' },
      { state: 'taken', executionId: heirs, jobId: 'd' },
    ])
  })

  test('is claimed by plans that ask for the same in another order', async () => {
    accountId = await insertAccount(database, 200)
    const ids = await Promise.all(Array.from({ length: 8 }, () => admitted('a')))
    const keys = Array.from({ length: 40 }, (_, n) => `key ${n}`)
    const claims = await Promise.all(
      ids.map((id, index) => {
        const ordered = index % 2 === 0 ? keys : keys.toReversed()
        const asked = ordered.map((cacheKey) => request(id, cacheKey, { cacheKey }))
        return generations.claim(accountId, asked)
      }),
    )
    const states = claims.flat().map(({ state }) => state)
    expect(states.filter((state) => state === 'mine')).toHaveLength(keys.length)
    expect(states.filter((state) => state === 'taken')).toHaveLength(7 * keys.length)
  })

  test('ends the jobs that take it, at no price and once', async () => {
    const executionId = await admitted('a', 'b', 'c', 'd')
    await deliver(executionId, 'a')
    const taken = ['a', 'b', 'c'].map((jobId) => ({
      ...{ jobId, result: resultOf(jobId), ...CARD },
      ...{ costMicroUsd: 0, endsStep: jobId !== 'c' },
    }))
    await generations.takeResults({ executionId, taken })
    await generations.takeResults({ executionId, taken })
    const steps = await Promise.all(['a', 'b', 'c', 'd'].map((id) => stepOf(executionId, id)))
    // What was delivered before keeps its price.
    expect(steps.map((step) => [step?.status, step?.priceCredits])).toEqual([
      ['completed', 4],
      ['completed', 0],
      ['pending', 0],
      ['pending', 10],
    ])
    const job = await generations.jobOf(executionId, 'b')
    expect(job).toMatchObject({ result: resultOf('b'), cacheHit: true, costMicroUsd: 0 })
    const events = await executions.events({ executionId, afterSequence: 0, limit: 100 })
    const told = events.filter(({ data }) => 'step' in data && data.step === jobStep('b'))
    expect(told).toHaveLength(1)
  })

  test('by a model that would not do is made anew', async () => {
    const [first, second] = [await admitted('a'), await admitted('b')]
    await claim(first, 'a')
    await deliver(first, 'a')
    expect(await claim(second, 'b', { models: ['another'], takes: false })).toEqual({
      state: 'free',
    })
    expect(await claim(second, 'b', { models: ['another'] })).toEqual({ state: 'mine' })
  })

  test.each([
    [
      'that fails',
      async (id: ExecutionId) => {
        await generations.failJob({ executionId: id, jobId: 'a', failure: 'PROVIDER_FAILED' })
      },
    ],
    ['whose execution is over', abandon],
  ])('is free again from a maker %s', async (_, end) => {
    const [first, second] = [await admitted('a'), await admitted('b')]
    await claim(first, 'a')
    expect(await claim(second, 'b')).toMatchObject({ state: 'taken' })
    await end(first)
    const claims = await Promise.all([claim(second, 'b'), claim(await admitted('c'), 'c')])
    expect(new Set(claims.map((one) => one?.state))).toEqual(new Set(['mine', 'taken']))
  })

  test('is forgotten when its file is gone, and the claims of the dead with time', async () => {
    const [first, second] = [await admitted('a'), await admitted('b')]
    await claim(first, 'a')
    await deliver(first, 'a')
    const key = { accountId, cacheKey: 'key' }
    await generations.forgetResult({ ...key, storageKey: 'another' })
    expect(await claim(second, 'b', { takes: false })).toMatchObject({ state: 'hit' })
    await generations.forgetResult({ ...key, storageKey: resultOf('a').storageKey })
    expect(await claim(second, 'b')).toEqual({ state: 'mine' })
    const soon = new Date(Date.now() + 60_000)
    expect(await generations.freeStaleClaims(soon)).toBe(0)
    await abandon(second)
    expect(await generations.freeStaleClaims(soon)).toBe(1)
  })
})

describe('a delivery', () => {
  test('costs what was delivered, once, and closes the step', async () => {
    const executionId = await admitted('a', 'b')
    await claim(executionId, 'a')
    expect(await deliver(executionId, 'a')).toBe(4)
    expect(await deliver(executionId, 'a', { priceCredits: 7 })).toBe(4)
    expect(await stepOf(executionId, 'a')).toMatchObject({ status: 'completed', priceCredits: 4 })
    expect(await generations.jobOf(executionId, 'a')).toMatchObject({
      result: resultOf('a'),
      ...CARD,
      costMicroUsd: 9,
      cacheHit: false,
    })
    const { capturedCredits } = await executions.completeBranches({
      executionId,
      outcome: 'partial',
      branches: [
        { step: jobStep('a'), outcome: 'completed', failure: null, outputs: {} },
        { step: jobStep('b'), outcome: 'failed', failure: 'PROVIDER_FAILED', outputs: {} },
      ],
      step: 'deliver',
    })
    expect(capturedCredits).toBe(4)
    expect(await ledger.balance(accountId)).toEqual({ posted: 96, held: 0, available: 96 })
    expect(await ledger.audit()).toEqual([])
  })

  test('that twenty attempts bring at once costs what the first of them says', async () => {
    const executionId = await admitted('a')
    const attempts = Array.from({ length: 20 }, (_, n) => ({ priceCredits: 1 + (n % 9) }))
    const prices = await Promise.all(attempts.map((price) => deliver(executionId, 'a', price)))
    const { priceCredits } = (await stepOf(executionId, 'a'))!
    expect(new Set(prices)).toEqual(new Set([priceCredits]))
    const events = await executions.events({ executionId, afterSequence: 0, limit: 100 })
    expect(events.filter(({ type }) => type === 'step.status')).toHaveLength(1)
  })

  test('never costs more than was held for it', async () => {
    const executionId = await admitted('a')
    expect(await deliver(executionId, 'a', { priceCredits: 11 })).toBe(10)
  })

  test('that comes too late is kept for the next plan, and changes nothing of its own', async () => {
    const [first, second] = [await admitted('a'), await admitted('b')]
    await claim(first, 'a')
    await abandon(first)
    expect(await deliver(first, 'a')).toBe(0)
    expect(await stepOf(first, 'a')).toMatchObject({ status: 'canceled', priceCredits: 10 })
    expect(await claim(second, 'b')).toMatchObject({ state: 'hit' })
  })

  test('after which a failure is told leaves the job as it is', async () => {
    const executionId = await admitted('a')
    await deliver(executionId, 'a')
    await generations.failJob({ executionId, jobId: 'a', failure: 'PROVIDER_FAILED' })
    expect(await stepOf(executionId, 'a')).toMatchObject({ status: 'completed' })
  })
})

describe('a paid order', () => {
  const reference = 'ours-1'

  test.each([
    ['DATABASE_UNAVAILABLE', 'accepted'],
    ['PROVIDER_FAILED', null],
  ] as const)('after %s is %s for those who retry', async (failure, orderState) => {
    const executionId = await admitted('a')
    await generations.beginOrder({ executionId, jobId: 'a', reference, ...CARD })
    await generations.noteAccepted({ executionId, jobId: 'a', reference, handle: { id: '1' } })
    await generations.failJob({ executionId, jobId: 'a', failure })
    expect(await generations.jobOf(executionId, 'a')).toMatchObject({ orderState })
  })
  const order = (executionId: ExecutionId) => ({ executionId, jobId: 'a', reference })

  test('is noted before it is sent, and found so by whoever comes next', async () => {
    const executionId = await admitted('a')
    const begin = () => generations.beginOrder({ ...order(executionId), ...CARD })
    expect(await begin()).toMatchObject({ isNew: true })
    expect(await begin()).toMatchObject({ isNew: false, job: { orderState: 'submitting' } })
    await generations.noteAccepted({ ...order(executionId), handle: { id: 'p-1' } })
    expect(await begin()).toMatchObject({
      isNew: false,
      job: { orderState: 'accepted', handle: { id: 'p-1' }, ...CARD },
    })
    const next = { ...order(executionId), reference: 'ours-2', ...CARD }
    expect(await generations.beginOrder(next)).toMatchObject({ isNew: true, job: { handle: null } })
    // Late news of the order before.
    await generations.noteAccepted({ ...order(executionId), handle: { id: 'p-1' } })
    expect(await generations.jobOf(executionId, 'a')).toMatchObject({ handle: null })
  })

  test('that was surely not taken may be sent again', async () => {
    const executionId = await admitted('a')
    const begin = () => generations.beginOrder({ ...order(executionId), ...CARD })
    await begin()
    await generations.forgetOrder(order(executionId))
    expect(await begin()).toMatchObject({ isNew: true })
    await generations.noteAccepted({ ...order(executionId), handle: { id: 'p-1' } })
    await generations.forgetOrder(order(executionId))
    expect(await begin()).toMatchObject({ isNew: false, job: { orderState: 'accepted' } })
  })
})

test('an execution is stalled for as long as one of its jobs waits for somebody', async () => {
  const executionId = await admitted('a', 'b')
  const statusOf = async () => (await executions.find(accountId, executionId))?.status
  const wait = (jobId: string, waitingFor: 'a decision' | null) =>
    generations.markWaiting({ executionId, jobId, waitingFor })
  await wait('a', 'a decision')
  await wait('b', 'a decision')
  expect(await statusOf()).toBe('stalled')
  await wait('a', null)
  expect(await statusOf()).toBe('stalled')
  await wait('b', null)
  expect(await statusOf()).toBe('processing')
})

test('a plan is read as it stood at one moment', async () => {
  const executionId = await admitted('a')
  const over = new AbortController()
  const switching = async (): Promise<void> => {
    for (let switched = 0; switched < 100; switched += 1) {
      const waitingFor = switched % 2 === 0 ? 'a decision' : null
      await generations.markWaiting({ executionId, jobId: 'a', waitingFor })
    }
    over.abort()
  }
  const seen = new Set<string>()
  const watching = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const run = await generations.findRun(accountId, executionId)
      seen.add(`${run?.execution.status}, waits for ${run?.generation.jobs[0]?.waitingFor}`)
    }
  }
  await Promise.all([switching(), watching(), watching()])
  seen.delete('pending, waits for null')
  expect([...seen].toSorted()).toEqual([
    'processing, waits for null',
    'stalled, waits for a decision',
  ])
})

describe('an expansion', () => {
  const expand = (executionId: ExecutionId, upperCredits: number) =>
    generations.addJobs({
      executionId,
      jobId: 'story',
      added: ['one', 'two'].map((id) => ({ job: imageJob(id), upperCredits })),
      heldCredits: 10,
      spentCredits: 1,
    })

  test('adds jobs and their steps once, out of what is held for it', async () => {
    const executionId = await admitted('story', 'after')
    const added = { earlierCount: 2, resultJobId: 'two' }
    expect(await generations.addedBy({ executionId, jobId: 'story' })).toBeNull()
    const twice = await Promise.all([expand(executionId, 4), expand(executionId, 4)])
    expect(twice).toEqual([added, added])
    expect(await generations.addedBy({ executionId, jobId: 'story' })).toEqual(added)
    const execution = await executions.find(accountId, executionId)
    expect(execution?.steps.map(({ name, priceCredits }) => [name, priceCredits])).toEqual([
      ['hold credits', 0],
      ['job story', 1],
      ['job one', 4],
      ['job two', 4],
      ['job after', 10],
      ['deliver', 0],
      ['notify', 0],
    ])
    const found = await generations.find(accountId, executionId)
    expect(found?.jobs.map(({ jobId, parentId }) => [jobId, parentId])).toEqual([
      ['story', null],
      ['after', null],
      ['one', 'story'],
      ['two', 'story'],
    ])
  })

  test('that would cost more than is held for it adds nothing', async () => {
    const executionId = await admitted('story')
    await expect(expand(executionId, 5)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' })
    expect(await generations.jobsOf(executionId)).toHaveLength(1)
  })

  test('ends with the result of its last job', async () => {
    const executionId = await admitted('story')
    await expand(executionId, 4)
    const adopt = () => generations.adopt({ executionId, jobId: 'story', fromJobId: 'two' })
    await expect(adopt()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await deliver(executionId, 'two')
    expect(await adopt()).toEqual(resultOf('two'))
    expect(await stepOf(executionId, 'story')).toMatchObject({
      status: 'completed',
      priceCredits: 1,
    })
  })
})
