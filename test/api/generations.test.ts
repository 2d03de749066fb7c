/** Orders of plans: what is refused before anything is held, what is answered, and who may see it. */

import { describe, expect, test } from 'vitest'
import type { GenerationAnswer } from '../../src/contracts/http/generations/generation.ts'
import type { JobResult } from '../../src/domain/generation/plan.ts'
import type { ExecutionId } from '../../src/domain/ids.ts'
import { jobStep } from '../../src/domain/steps.ts'
import { testDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { startApi, type Customer } from './support/api-under-test.ts'
import { runGenerationWorker } from './support/generation-worker.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase({ poolSizeMax: 20 })
const temporal = await testTemporal()
const api = await startApi({ connection, temporal: temporal.client })
await runGenerationWorker(temporal, connection, api)
const { call, repositories } = api

const post = (who: Customer | 'admin', url: string, payload?: object, key?: string) =>
  call(who, {
    method: 'POST',
    url,
    ...(payload === undefined ? {} : { payload }),
    headers: key === undefined ? {} : { 'idempotency-key': key },
  })
const get = (who: Customer, url: string) => call(who, { method: 'GET', url })

const card = (id: string, prompt: string) => ({
  id,
  type: 'generateImage',
  params: { model: 'local/card', provider: 'local', prompt },
})
const panZoom = (id: string, imageId: string) => ({
  id,
  type: 'generate',
  params: {
    model: 'local/pan-zoom',
    provider: 'local',
    image: `_imageJobDependency:${imageId}`,
    duration: 2,
  },
})
const PLAN = { jobs: [card('hill', 'A hill'), panZoom('pan', 'hill'), card('lake', 'A lake')] }

const RESULT: JobResult = {
  media: 'image',
  storageKey: 'media/made/hill',
  contentType: 'image/png',
  sizeBytes: 10,
  sha256: 'a'.repeat(64),
  durationSeconds: null,
  widthPx: 1080,
  heightPx: 1080,
  frameRate: null,
}

/** Ends a job as the activities would. */
const deliver = (executionId: ExecutionId, jobId: string) =>
  repositories.generations.deliver({
    executionId,
    jobId,
    result: RESULT,
    model: 'local/card',
    provider: 'local',
    priceCredits: 1,
    costMicroUsd: 0,
    endsStep: true,
  })

interface Accepted {
  readonly executionId: ExecutionId
  readonly creditsHeld: number
  readonly estimate: { readonly upperCredits: number }
  readonly reusedJobs: readonly string[]
}

const ordered = async (plan: object = PLAN) => {
  const customer = await api.customer({ credits: 500 })
  const answer = await post(customer, '/v1/generations', plan)
  expect(answer.statusCode, answer.body).toBe(202)
  return { customer, ...answer.json<Accepted>() }
}

const read = async (customer: Customer, id: string): Promise<GenerationAnswer> => {
  const answer = await get(customer, `/v1/generations/${id}`)
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json<GenerationAnswer>()
}

describe('an order of a plan', () => {
  test('holds the upper end of its estimate, and is repeated by its key', async () => {
    const customer = await api.customer({ credits: 500 })
    const first = await post(customer, '/v1/generations', PLAN, 'one')
    expect(first.statusCode, first.body).toBe(202)
    const { executionId, creditsHeld, estimate } = first.json<Accepted>()
    expect(creditsHeld).toBe(estimate.upperCredits)
    expect(creditsHeld).toBeGreaterThan(0)
    const again = await post(customer, '/v1/generations', PLAN, 'one')
    expect(again.json()).toEqual(first.json())
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect((await get(customer, '/v1/account')).json().credits.held).toBe(creditsHeld)
    expect((await get(customer, `/v1/executions/${executionId}`)).json()).toMatchObject({
      pipeline: 'generate',
      subjectId: executionId,
      workflowId: `generate-${executionId}`,
    })
  })

  test('that has errors is refused with all of them, and nothing is held or kept', async () => {
    const customer = await api.customer({ credits: 500 })
    const wrong = {
      jobs: [
        { ...card('a', 'A hill'), type: 'genrateImage' },
        panZoom('b', 'nobody'),
        { ...card('c', 'A lake'), params: { model: 'local/crad', prompt: 'A lake' } },
      ],
    }
    const answer = await post(customer, '/v1/generations', wrong)
    expect(answer.statusCode).toBe(422)
    const { code, errors, findings } = answer.json()
    expect(code).toBe('INPUT_INVALID')
    const jobs = findings.map(({ jobId }: { jobId: string }) => jobId)
    expect(new Set(jobs)).toEqual(new Set(['a', 'b', 'c']))
    expect(errors.map(({ fix }: { fix: string }) => fix).join(' ')).toContain('generateImage')
    expect((await get(customer, '/v1/account')).json().credits.held).toBe(0)
    expect((await get(customer, '/v1/executions')).json().executions).toEqual([])
  })

  test.each([
    ['nothing', {}],
    ['no jobs', { jobs: [] }],
    ['a list', { jobs: 'all' }],
    ['a field of nobody', { ...PLAN, colour: 'red' }],
    ['a plan before it that is nobody’s', { ...PLAN, baseExecutionId: 'exec_1234567890' }],
    ['a circle', { jobs: [panZoom('a', 'b'), panZoom('b', 'a')] }],
  ])('that is %s is refused', async (_what, body) => {
    const customer = await api.customer({ credits: 500 })
    const answer = await post(customer, '/v1/generations', body)
    expect(answer.statusCode, answer.body).toBe(422)
    expect(answer.json().errors.length).toBeGreaterThan(0)
  })

  test('for a provider without a key is the server’s business', async () => {
    const customer = await api.customer({ credits: 500 })
    const params = { model: 'google/nano-banana', provider: 'fal', prompt: 'A hill' }
    const jobs = [{ id: 'a', type: 'generateImage', params, fallbacks: [] }]
    const answer = await post(customer, '/v1/generations', { jobs })
    expect(answer.statusCode, answer.body).toBe(409)
    expect(answer.json()).toMatchObject({ code: 'NOT_CONFIGURED' })
    expect(answer.body).toContain('FAL_KEY')
  })

  test('that cannot be paid is a 402 with the figures, and leaves nothing', async () => {
    const customer = await api.customer({ credits: 1 })
    const answer = await post(customer, '/v1/generations', PLAN)
    expect(answer.statusCode, answer.body).toBe(402)
    expect(answer.json()).toMatchObject({ availableCredits: 1 })
    expect(answer.json().neededCredits).toBeGreaterThan(1)
    expect((await get(customer, '/v1/executions')).json().executions).toEqual([])
  })
})

describe('a run', () => {
  test('is shown with its jobs, in words, and with what was made', async () => {
    const { customer, executionId } = await ordered()
    await deliver(executionId, 'hill')
    await repositories.executions.beginStep({ executionId, step: jobStep('pan') })
    const run = await read(customer, executionId)
    expect(run).toMatchObject({
      id: executionId,
      completed: 1,
      total: 3,
      currentOperation: 'making a video',
      waitingFor: null,
      maxCredits: null,
      result: null,
    })
    const [hill, pan] = run.jobs
    expect(hill).toMatchObject({
      id: 'hill',
      operation: 'generateImage',
      status: 'completed',
      model: 'local/card',
      provider: 'local',
      cacheHit: false,
      credits: 1,
      result: { media: 'image', contentType: 'image/png', widthPx: 1080 },
    })
    expect(hill?.result?.url).toMatch(/^http/)
    expect(pan).toMatchObject({ id: 'pan', status: 'processing', result: null })
    expect(JSON.stringify(run)).not.toContain('storageKey')
    const failed = { executionId, jobId: 'lake', failure: 'PROVIDER_FAILED' } as const
    await repositories.generations.failJob(failed)
    const [, , lake] = (await read(customer, executionId)).jobs
    expect(lake).toMatchObject({ id: 'lake', status: 'failed', credits: 0 })
  })

  test('is its account’s own', async () => {
    const { executionId } = await ordered()
    const stranger = await api.customer({ credits: 500 })
    const urls = [`/v1/generations/${executionId}`, `/execute/${executionId}/status`]
    for (const url of urls) expect((await get(stranger, url)).statusCode, url).toBe(404)
    const limit = await post(stranger, `/v1/generations/${executionId}/limit`, { maxCredits: 9 })
    expect(limit.statusCode).toBe(404)
    const fork = await post(stranger, `/v1/executions/${executionId}/fork`, {})
    expect(fork.statusCode).toBe(404)
    const base = { ...PLAN, baseExecutionId: executionId }
    expect((await post(stranger, '/v1/generations', base)).statusCode).toBe(422)
    expect((await get(stranger, '/v1/generations/vid_1234567890')).statusCode).toBe(404)
  })

  test('that waits for a higher limit goes on when it is raised', async () => {
    const { customer, executionId } = await ordered({ ...PLAN, maxCredits: 0 })
    const url = `/v1/generations/${executionId}/limit`
    await eventually(async () => {
      expect(await read(customer, executionId)).toMatchObject({
        status: 'stalled',
        waitingFor: 'a higher limit',
        maxCredits: 0,
      })
    })
    const published = (await get(customer, `/execute/${executionId}/status`)).json()
    expect(published).toMatchObject({ currentJob: 'waiting for a higher limit' })
    expect((await post(customer, url, { maxCredits: -1 })).statusCode).toBe(422)
    expect((await post(customer, url, { maxCredits: 400 })).statusCode).toBe(202)
    await eventually(async () => {
      const run = await read(customer, executionId)
      expect(run).toMatchObject({ status: 'processing', waitingFor: null, maxCredits: 400 })
    })
    const lower = await post(customer, url, { maxCredits: 10 })
    expect(lower.statusCode).toBe(409)
    expect(lower.json().detail).toBe('The limit is 400 already; give more.')
  })

  test('without a limit, or that is over, has none to raise', async () => {
    const { customer, executionId } = await ordered()
    const url = `/v1/generations/${executionId}/limit`
    expect((await post(customer, url, { maxCredits: 400 })).statusCode).toBe(409)
  })

  test('is decided about by the operator alone, and only where a decision is waited for', async () => {
    const { customer, executionId } = await ordered()
    const path = `/generations/${executionId}/jobs/hill/decision`
    const decision = { decision: 'repeat' }
    expect((await post(customer, `/v1${path}`, decision)).statusCode).toBe(404)
    expect((await post(customer, `/v1/admin${path}`, decision)).statusCode).toBe(401)
    expect((await post('admin', `/v1/admin${path}`, decision)).statusCode).toBe(409)
    const nobody = `/v1/admin/generations/${executionId}/jobs/nobody/decision`
    expect((await post('admin', nobody, decision)).statusCode).toBe(404)
    const found = await post('admin', `/v1/admin${path}`, { decision: 'found' })
    expect(found.statusCode).toBe(422)

    await repositories.generations.markWaiting({
      executionId,
      jobId: 'hill',
      waitingFor: 'a decision',
    })
    expect((await post('admin', `/v1/admin${path}`, decision)).statusCode).toBe(202)
    const { events } = await temporal.client.workflow
      .getHandle(`generate-${executionId}`)
      .fetchHistory()
    const signal = events?.find(
      ({ workflowExecutionSignaledEventAttributes: told }) => told?.signalName === 'outcomeDecided',
    )
    expect(signal).toBeDefined()
  })
})

describe('a fork', () => {
  test('shows first what it would cost and keep, and then keeps it', async () => {
    const { customer, executionId, creditsHeld } = await ordered()
    await deliver(executionId, 'hill')
    const url = `/v1/executions/${executionId}/fork`
    const changes = { lake: { params: { prompt: 'A deep lake' } } }
    const dry = await post(customer, url, { changes, dryRun: true })
    expect(dry.statusCode, dry.body).toBe(200)
    const { estimate, reusedJobs } = dry.json<Accepted>()
    expect(reusedJobs).toEqual(['hill'])
    expect(estimate.upperCredits).toBeLessThan(creditsHeld)
    expect((await get(customer, '/v1/account')).json().credits.held).toBe(creditsHeld)

    const forked = await post(customer, url, { changes }, 'fork')
    expect(forked.statusCode, forked.body).toBe(202)
    const accepted = forked.json<Accepted>()
    expect(accepted).toMatchObject({ creditsHeld: estimate.upperCredits, reusedJobs: ['hill'] })
    expect(accepted.executionId).not.toBe(executionId)
    const again = await post(customer, url, { changes }, 'fork')
    expect(again.json()).toEqual(forked.json())
    await eventually(async () => {
      const run = await read(customer, accepted.executionId)
      expect(run.baseExecutionId).toBe(executionId)
      expect(run.jobs[0]).toMatchObject({ status: 'completed', cacheHit: true, credits: 0 })
    })
  })

  test('takes another plan, or makes a job anew with all that comes of it', async () => {
    const { customer, executionId } = await ordered()
    await deliver(executionId, 'hill')
    const url = `/v1/executions/${executionId}/fork`
    const dry = async (body: object) =>
      (await post(customer, url, { ...body, dryRun: true })).json<Accepted>().reusedJobs
    expect(await dry({ plan: { jobs: [card('hill', 'A hill')] } })).toEqual(['hill'])
    expect(await dry({ plan: { jobs: [card('hill', 'A valley')] } })).toEqual([])
    expect(await dry({ from: 'hill' })).toEqual([])
    expect(await dry({ from: ['lake'] })).toEqual(['hill'])
    expect(await dry({ changes: { pan: null, lake: null } })).toEqual(['hill'])
  })

  test.each([
    ['a plan and changes', { plan: PLAN, changes: {} }, 'changes'],
    ['a job to begin with that is none', { from: 'nobody' }, 'from'],
    ['a change of a job that is none', { changes: { hil: { params: {} } } }, 'changes'],
    ['a job taken out that is none', { changes: { hil: null } }, 'changes'],
    ['a change that breaks the plan', { changes: { hill: null } }, 'jobs'],
  ])('with %s is refused', async (_what, body, path) => {
    const { customer, executionId } = await ordered()
    const answer = await post(customer, `/v1/executions/${executionId}/fork`, body)
    expect(answer.statusCode, answer.body).toBe(422)
    const paths = answer.json().errors.map((error: { path: string }) => error.path.split('.')[0])
    expect(paths).toContain(path)
  })

  test('that misspells a job is told which was meant', async () => {
    const { customer, executionId } = await ordered()
    for (const body of [{ from: 'hil' }, { changes: { hil: { params: {} } } }]) {
      const answer = await post(customer, `/v1/executions/${executionId}/fork`, body)
      const { errors } = answer.json<{ errors: readonly { readonly fix: string }[] }>()
      expect(errors.map(({ fix }) => fix)).toEqual([expect.stringMatching(/^Did you mean hill\?/)])
    }
  })
})

describe('the published dialect', () => {
  const OPTIONS = { webhook: 'https://example.com/hook', webhookSecret: 'a secret of the program' }

  test.each([
    ['beside its address', OPTIONS],
    ['with its address', { webhook: { url: OPTIONS.webhook, secret: OPTIONS.webhookSecret } }],
  ])(
    'is taken and answered in its own shape, with the secret %s sealed',
    async (_where, options) => {
      const customer = await api.customer({ credits: 500 })
      const body = { executionPlan: PLAN, options }
      const answer = await post(customer, '/execute', body, 'one')
      expect(answer.statusCode, answer.body).toBe(202)
      const { executionId, createdAt } = answer.json()
      expect(answer.json()).toEqual({ executionId, status: 'pending', createdAt })
      const stored = await repositories.generations.generationOf(executionId)
      expect(stored?.webhook?.url).toBe(OPTIONS.webhook)
      expect(JSON.stringify(stored)).not.toContain(OPTIONS.webhookSecret)

      await repositories.executions.beginStep({ executionId, step: jobStep('lake') })
      await deliver(executionId, 'lake')
      const status = (await get(customer, `/execute/${executionId}/status`)).json()
      expect(status).toMatchObject({
        id: executionId,
        status: 'processing',
        result: null,
        error: null,
        totalJobs: 3,
        completedJobs: 1,
        progress: 33,
        completedAt: null,
      })
      expect(
        status.jobs.map((job: { id: string; status: string }) => [job.id, job.status]),
      ).toEqual(expect.arrayContaining([['lake', 'completed']]))
      expect(status.jobs[2].result).toMatchObject({ url: expect.stringMatching(/^http/) })
    },
  )

  test('keeps what a plan before it has made', async () => {
    const { customer, executionId } = await ordered()
    await deliver(executionId, 'hill')
    const options = { baseExecutionId: executionId }
    const answer = await post(customer, '/execute', { executionPlan: PLAN, options })
    const stored = await repositories.generations.find(customer.id, answer.json().executionId)
    expect(stored?.jobs.map(({ result }) => result !== null)).toEqual([true, false, false])
  })

  test('ends as failed when it is canceled', async () => {
    const customer = await api.customer({ credits: 500 })
    const answer = await post(customer, '/execute', { executionPlan: PLAN })
    const { executionId } = answer.json()
    await post(customer, `/v1/executions/${executionId}/cancel`)
    await eventually(async () => {
      const status = (await get(customer, `/execute/${executionId}/status`)).json()
      expect(status).toMatchObject({ status: 'failed', error: expect.stringContaining('canceled') })
    })
    expect((await get(customer, '/v1/account')).json().credits.held).toBe(0)
  })

  test.each([
    ['keys of providers', { providerApiKeys: { fal: 'key' } }, 'options.providerApiKeys'],
    ['a private webhook', { webhook: 'http://127.0.0.1:9/hook' }, 'options.webhook'],
    ['a secret for nothing', { webhookSecret: 'a secret' }, 'options.webhookSecret'],
    ['an option of nobody', { colour: 'red' }, 'options.colour'],
  ])('with %s is refused, and says where', async (_what, options, path) => {
    const customer = await api.customer({ credits: 500 })
    const answer = await post(customer, '/execute', { executionPlan: PLAN, options })
    expect(answer.statusCode, answer.body).toBe(422)
    expect(answer.json().errors.map((error: { path: string }) => error.path)).toContain(path)
    expect((await get(customer, '/v1/account')).json().credits.held).toBe(0)
  })
})
