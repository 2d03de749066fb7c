import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createReplicate } from '../../src/adapters/models/replicate.ts'
import type { ExecutionId } from '../../src/domain/ids.ts'
import { startFakeFal } from '../support/fake-fal.ts'
import { closedPort } from '../support/fake-http-service.ts'
import type { FakeOrder } from '../support/fake-model-desk.ts'
import { startFakeReplicate } from '../support/fake-replicate.ts'
import { modelJob } from '../support/plan-jobs.ts'
import { insertAccount, newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'

const replicate = await startFakeReplicate()
const fal = await startFakeFal()
const world = await startActivityWorld({
  REPLICATE_API_TOKEN: replicate.apiKey,
  REPLICATE_BASE_URL: replicate.baseUrl,
  FAL_KEY: fal.apiKey,
  FAL_BASE_URL: fal.baseUrl,
  FAL_JWKS_URL: fal.jwksUrl,
  ASYNC_VIDEO_BASE_URL: 'https://video.example.com/v1',
  ASYNC_VIDEO_WEBHOOK_SECRET: 'secret',
})
afterAll(async () => {
  await replicate.close()
  await fal.close()
})

const MODEL = 'google/nano-banana'
const RETRY_POLICY = { maximumAttempts: 5 }

let executionId: ExecutionId
beforeEach(async () => {
  replicate.scripts.clear()
  fal.scripts.clear()
  const accountId = await insertAccount(world.database.database, 100)
  executionId = newId('execution')
  const choices = [`${MODEL} @ replicate`, `${MODEL} @ fal`]
  const job = modelJob('fox', 'generateImage', choices, { prompt: `a fox for ${executionId}` })
  await world.repositories.generations.store({
    executionId,
    accountId,
    body: { jobs: [] },
    maxCredits: null,
    baseExecutionId: null,
    webhook: null,
    jobs: [{ job, upperCredits: 10 }],
  })
})

/** One attempt at the same paid order. */
const submit = async (attempt: number, provider: 'replicate' | 'fal' = 'replicate') =>
  await world.run(
    'submitModelJob',
    {
      executionId,
      jobId: 'fox',
      model: MODEL,
      provider,
      workflowId: `generate-${executionId}`,
      orderName: 'job fox',
      orderedAtMs: Date.now(),
      resumes: true,
    },
    { info: { attempt, retryPolicy: RETRY_POLICY } },
  )

const accepted = ({ orders }: { readonly orders: readonly FakeOrder[] }) =>
  orders.filter(({ input }) => JSON.stringify(input).includes(executionId))

describe('a paid order whose answer was lost', () => {
  it('is found by the next attempt, and never made twice', async () => {
    replicate.scripts.set('', { order: 'loses' })
    await expect(submit(1)).rejects.toMatchObject({
      type: 'PROVIDER_UNAVAILABLE',
      nonRetryable: false,
    })
    expect(await submit(2)).toEqual({ status: 'accepted', hasWebhook: true })
    const [order, ...more] = accepted(replicate)
    expect(more).toEqual([])
    const row = await world.repositories.generations.jobOf(executionId, 'fox')
    expect(row).toMatchObject({ orderState: 'accepted', handle: { id: order?.id } })
  })

  it('is not made again before it has had time to show', async () => {
    replicate.scripts.set('', { order: 'cut' })
    await expect(submit(1)).rejects.toMatchObject({ type: 'PROVIDER_UNAVAILABLE' })
    const sent = replicate.requests.length
    const failed: unknown = await submit(2).catch((error: unknown) => error)
    expect(failed).toMatchObject({ type: 'PROVIDER_UNAVAILABLE', nonRetryable: false })
    expect((failed as { nextRetryDelay: number }).nextRetryDelay).toBeGreaterThan(1_000)
    const asked = replicate.requests.slice(sent).map(({ method }) => method)
    expect(asked).not.toContain('POST')
    expect(accepted(replicate)).toEqual([])
  })

  it('is left to an operator when the provider cannot be asked until the last attempt', async () => {
    replicate.scripts.set('', { order: 'loses' })
    await expect(submit(1)).rejects.toMatchObject({ type: 'PROVIDER_UNAVAILABLE' })
    const away = {
      baseUrl: `http://127.0.0.1:${await closedPort()}`,
      apiKey: 'key',
      webhookSecret: null,
    }
    const change = { modelProviders: new Map([['replicate', createReplicate(away)]]) }
    const input = {
      ...{ executionId, jobId: 'fox', model: MODEL, provider: 'replicate' },
      ...{ workflowId: 'w', orderName: 'job fox', orderedAtMs: Date.now(), resumes: true },
    }
    const info = { attempt: 5, retryPolicy: RETRY_POLICY }
    await expect(world.run('submitModelJob', input, { info, change })).rejects.toMatchObject({
      type: 'PROVIDER_OUTCOME_UNKNOWN',
      nonRetryable: true,
    })
    expect(accepted(replicate)).toHaveLength(1)
  })

  it('is left to an operator at once where nothing can be looked up', async () => {
    fal.scripts.set('', { order: 'loses' })
    await expect(submit(1, 'fal')).rejects.toMatchObject({
      type: 'PROVIDER_OUTCOME_UNKNOWN',
      nonRetryable: true,
    })
    await expect(submit(2, 'fal')).rejects.toMatchObject({ type: 'PROVIDER_OUTCOME_UNKNOWN' })
    expect(accepted(fal)).toHaveLength(1)
  })
})

it('a paid order that was refused is simply made again', async () => {
  replicate.scripts.set('', { order: 429, retryAfterSeconds: 3, times: 1 })
  await expect(submit(1)).rejects.toMatchObject({
    type: 'PROVIDER_UNAVAILABLE',
    nextRetryDelay: 3_000,
  })
  expect(await submit(2)).toMatchObject({ status: 'accepted' })
  expect(accepted(replicate)).toHaveLength(1)
})

it('a provider that is reached by TLS is not told to report without it', () => {
  const route = { workflowId: 'w', executionId, step: 'job fox', issuedAtMs: 0 }
  expect(world.deps.modelWebhookUrlFor({ ...route, provider: 'async-video' })).toBeNull()
  expect(world.deps.modelWebhookUrlFor({ ...route, provider: 'replicate' })).toMatch(
    /^http:\/\/spool\.test\/webhooks\/models\//,
  )
})

it('a provider that has revoked the key leaves a lost order to an operator', async () => {
  replicate.scripts.set('', { order: 'loses' })
  await expect(submit(1)).rejects.toMatchObject({ type: 'PROVIDER_UNAVAILABLE' })
  replicate.revokeKey()
  await expect(submit(2)).rejects.toMatchObject({
    type: 'PROVIDER_OUTCOME_UNKNOWN',
    nonRetryable: true,
  })
  expect(accepted(replicate)).toHaveLength(1)
})
