/** What a fork keeps of a plan that did not come to its end, and what it does without. */

import { afterAll, expect, test } from 'vitest'
import type { JobResult } from '../../src/domain/generation/plan.ts'
import type { ExecutionId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { startFakeHttpService } from '../support/fake-http-service.ts'
import { startApi, type Customer } from './support/api-under-test.ts'
import { runGenerationWorker } from './support/generation-worker.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase({ poolSizeMax: 20 })
const temporal = await testTemporal()
const site = { status: 200 }
const pictures = await startFakeHttpService(() => ({ ...site, body: 'a picture' }))
afterAll(() => pictures.close())
const api = await startApi({
  connection,
  temporal: temporal.client,
  settings: { modelProviders: ['openai'] },
  allowPrivateHosts: [`127.0.0.1:${pictures.port}`],
})
await runGenerationWorker(temporal, connection, api)
const { post, repositories } = api

const STORY = {
  id: 'story',
  type: 'expand',
  params: { prompt: 'A day', scenes: 3, image: 'local/card', video: null },
}
const TEXT = { media: 'text', contentType: 'text/plain' } as const
const PICTURE = { media: 'image', contentType: 'image/png' } as const

/** Ends a job, or the first half of one, as the activities would. */
const deliver = (
  executionId: ExecutionId,
  jobId: string,
  made: Pick<JobResult, 'media' | 'contentType'>,
) =>
  repositories.generations.deliver({
    ...{ executionId, jobId, model: 'a model', provider: 'local' },
    result: {
      ...made,
      ...{ storageKey: `made/${jobId}`, sizeBytes: 10, sha256: 'a'.repeat(64) },
      ...{ durationSeconds: null, widthPx: null, heightPx: null, frameRate: null },
    },
    ...{ priceCredits: 1, costMicroUsd: 0, endsStep: made.media !== 'text' },
  })

interface Accepted {
  readonly executionId: ExecutionId
  readonly creditsHeld: number
  readonly estimate: { readonly upperCredits: number }
  readonly reusedJobs: readonly string[]
}

const ordered = async (customer: Customer, jobs: readonly object[]): Promise<Accepted> => {
  const answer = await post(customer, '/v1/generations', { jobs })
  expect(answer.statusCode, answer.body).toBe(202)
  return answer.json<Accepted>()
}

const fork = async (customer: Customer, executionId: ExecutionId, body: object) => {
  const answer = await post(customer, `/v1/executions/${executionId}/fork`, body)
  return { statusCode: answer.statusCode, ...answer.json<Accepted>() }
}

test('of an expansion that had only its text holds all that its scenes may cost', async () => {
  const customer = await api.customer({ credits: 500 })
  const card = { id: 'card', type: 'generateImage', params: { model: 'local/card', prompt: 'A' } }
  const base = await ordered(customer, [STORY, card])
  await deliver(base.executionId, 'story', TEXT)
  await deliver(base.executionId, 'card', PICTURE)
  const { jobs } = (await repositories.generations.find(customer.id, base.executionId))!
  const [story] = jobs
  expect(story?.upperCredits).toBeGreaterThan(1)

  const kept = { reusedJobs: ['card'], estimate: { upperCredits: story?.upperCredits } }
  const dry = await fork(customer, base.executionId, { changes: {}, dryRun: true })
  expect(dry).toMatchObject({ statusCode: 200, ...kept })
  const forked = await fork(customer, base.executionId, { changes: {} })
  expect(forked).toMatchObject({ statusCode: 202, ...kept, creditsHeld: story?.upperCredits })
  const stored = await repositories.generations.find(customer.id, forked.executionId)
  expect(stored?.jobs[0]).toMatchObject({ upperCredits: story?.upperCredits })
})

test('does not ask for the sources of what it keeps', async () => {
  const customer = await api.customer({ credits: 500 })
  const source = `${pictures.baseUrl}/hill.png`
  const small = { id: 'small', type: 'resize', params: { source, width: 64, height: 64 } }
  const base = await ordered(customer, [small])
  await deliver(base.executionId, 'small', PICTURE)
  site.status = 404
  const anew = await fork(customer, base.executionId, { from: 'small' })
  expect(anew).toMatchObject({
    statusCode: 422,
    findings: [{ rule: 'source-unreachable', jobId: 'small' }],
  })
  const forked = await fork(customer, base.executionId, { changes: {} })
  expect(forked).toMatchObject({ statusCode: 202, reusedJobs: ['small'], findings: [] })
  // Nobody here fetches anything: a run that asked for it would wait.
  await eventually(async () => {
    const run = await api.get(customer, `/v1/generations/${forked.executionId}`)
    expect(run.json()).toMatchObject({ status: 'completed', jobs: [{ cacheHit: true }] })
  })
})
