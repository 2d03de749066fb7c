import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GenerationAnswer } from '../../src/contracts/http/generations/generation.ts'
import { eventually } from '../support/eventually.ts'
import { startFakeAsyncVideo, type FakeAsyncVideo } from '../support/fake-async-video.ts'
import { startFakeFal, type FakeFal } from '../support/fake-fal.ts'
import { startFakeHttpService, type FakeHttpService } from '../support/fake-http-service.ts'
import { card, falImage, merge, remoteVideo, thumbnail, trim } from '../support/generation-plans.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { creditsOf, plansOf, settingsOfFakes } from '../support/stack-generations.ts'
import { ledgerViolations } from '../support/stack-ledger.ts'
import { probeFile } from '../support/stack-media.ts'
import type { Service } from '../support/stack-service.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

let video: FakeAsyncVideo
let fal: FakeFal
let receiver: FakeHttpService
let stack: TestStack
let worker: Service
let folder: string
let customer: Customer
let plans: ReturnType<typeof plansOf>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-generations-'))
  ;[video, fal, receiver] = await Promise.all([
    startFakeAsyncVideo(),
    startFakeFal(),
    startFakeHttpService(() => ({ status: 204 })),
  ])
  stack = await startTestStack({
    ...settingsOfFakes({ video, fal }),
    SPOOL_ALLOW_PRIVATE_SOURCES: `127.0.0.1:${receiver.port}`,
  })
  worker = await stack.addWorker()
  customer = await newCustomer(stack, { credits: 5_000 })
  plans = plansOf(customer)
}, 120_000)

afterAll(async () => {
  await stack?.stop()
  await Promise.all([video?.close(), fal?.close(), receiver?.close()])
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** What the provider would charge for, by what it was asked. */
const invoiceOf = ({ orders }: FakeAsyncVideo | FakeFal, mark: string): string[] =>
  orders
    .map(({ input }) => String(input['prompt']))
    .filter((prompt) => prompt.includes(mark))
    .toSorted()

const fetched = async (url: string | undefined): Promise<string> => {
  const response = await fetch(url ?? '')
  expect(response.status).toBe(200)
  const path = join(folder, `result-${Math.random()}`)
  writeFileSync(path, Buffer.from(await response.arrayBuffer()))
  return path
}

/** Ten jobs: three scenes, each an image and a video of it, put together, and what is made of the film. */
const tenJobs = (mark: string) => ({
  jobs: [
    ...[1, 2, 3].flatMap((number) => [
      card(`image-${number}`, `${mark} ${number}`),
      remoteVideo(`scene-${number}`, {
        imageId: `image-${number}`,
        prompt: `${mark} scene ${number}`,
      }),
    ]),
    merge('half', ['scene-1', 'scene-2']),
    merge('film', ['half', 'scene-3']),
    thumbnail('still', 'film'),
    trim('teaser', 'film', 2),
  ],
})

/** Where a plan stands: what providers have taken of it, and what is done. */
const shapeOf = ({ jobs }: GenerationAnswer): string =>
  JSON.stringify(jobs.map(({ status, providerJobId }) => [status === 'completed', providerJobId]))

test('the same plan again asks no provider, costs nothing, and is there at once', async () => {
  const first = await plans.order(tenJobs('Valley'))
  const made = await plans.untilOver(first.executionId)
  expect(made.status).toBe('completed')
  const asked = video.requests.length

  const { executionId } = await plans.order(tenJobs('Valley'))
  const again = await plans.untilOver(executionId)
  expect(again).toMatchObject({ status: 'completed', credits: { captured: 0 } })
  expect(again.jobs.every(({ cacheHit, credits }) => cacheHit && credits === 0)).toBe(true)
  expect(video.requests.length).toBe(asked)
  const sizeOf = (run: GenerationAnswer) => run.jobs.map(({ result }) => result?.sizeBytes)
  expect(sizeOf(again)).toEqual(sizeOf(made))

  // A change of one scene orders that one, and makes what comes of it.
  const changes = { 'scene-3': { params: { prompt: 'Valley at night', duration: 3 } } }
  const fork = await plans.order({ changes }, `/v1/executions/${executionId}/fork`)
  const forked = await plans.untilOver(fork.executionId)
  expect(forked.status).toBe('completed')
  expect(invoiceOf(video, 'Valley at night')).toHaveLength(1)
  expect(invoiceOf(video, 'Valley')).toHaveLength(4)
  const anew = forked.jobs.filter(({ cacheHit }) => !cacheHit).map(({ id }) => id)
  expect(anew).toEqual(['scene-3', 'film', 'still', 'teaser'])
  expect(forked.credits.captured).toBe(creditsOf(forked))
}, 180_000)

test('an order that may have been taken waits for the operator, and is not repeated', async () => {
  fal.scripts.set('A lost lake', { order: 'loses' })
  const { executionId } = await plans.order({ jobs: [falImage('lake', 'A lost lake')] })
  const waiting = await plans.until(executionId, ({ waitingFor }) => waitingFor !== null)
  expect(waiting).toMatchObject({ status: 'stalled', waitingFor: 'a decision' })
  const [taken] = fal.orders.filter(({ input }) => input['prompt'] === 'A lost lake')

  const path = `/v1/admin/generations/${executionId}/jobs/lake/decision`
  const response = await fetch(`${stack.apiUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ decision: 'found', providerJobId: taken?.id }),
  })
  expect(response.status).toBe(202)
  const run = await plans.untilOver(executionId)
  expect(run).toMatchObject({ status: 'completed', waitingFor: null, result: { media: 'image' } })
  expect(run.jobs[0]).toMatchObject({ providerJobId: taken?.id })
  expect(invoiceOf(fal, 'A lost lake')).toHaveLength(1)
})

test('a cancel reaches the provider, and what was finished is paid', async () => {
  video.scripts.set('A river', { work: 'runs' })
  const plan = {
    jobs: [
      card('image', 'A river bank'),
      remoteVideo('scene', { imageId: 'image', prompt: 'A river' }),
    ],
  }
  const { executionId, creditsHeld } = await plans.order(plan)
  await eventually(() => expect(invoiceOf(video, 'A river')).toHaveLength(1))
  const canceled = await customer.call('POST', `/v1/executions/${executionId}/cancel`)
  expect(canceled.status).toBe(202)
  const run = await plans.untilOver(executionId)
  expect(run.status).toBe('canceled')
  expect(run.credits.captured).toBe(creditsOf(run))
  expect(run.credits.captured + run.credits.refunded).toBe(creditsHeld)
  expect(video.orders.find(({ input }) => input['prompt'] === 'A river')?.status).toBe('canceled')
})

test('a plan of the published dialect tells its own address, signed with its own secret', async () => {
  const executionPlan = {
    jobs: [
      { ...card('image', 'A letter'), output: '$image' },
      remoteVideo('scene', { imageId: 'image', prompt: 'A letter' }),
    ],
  }
  const webhookSecret = 'a secret of the program'
  const options = { webhook: `${receiver.baseUrl}/done`, webhookSecret }
  const ordered = await customer.call<{ executionId: string }>('POST', '/execute', {
    body: { executionPlan, options },
  })
  expect(ordered).toMatchObject({ status: 202, body: { status: 'pending' } })
  const { executionId } = ordered.body
  const webhook = await eventually(() => {
    const found = receiver.requests.find(({ body }) => body.includes(executionId))
    if (found === undefined) throw new Error('no webhook has come')
    return found
  }, 60_000)
  const hex = createHmac('sha256', webhookSecret).update(webhook.body).digest('hex')
  expect(webhook.headers['x-webhook-signature']).toBe(`sha256=${hex}`)
  const told = JSON.parse(webhook.body) as { result: { url: string } }
  expect(told).toMatchObject({ executionId, status: 'completed', result: { status: 'completed' } })
  const probed = await probeFile(await fetched(told.result.url))
  expect(Number(probed.format.duration)).toBeCloseTo(2, 0)
  const { body } = await customer.call('GET', `/execute/${executionId}/status`)
  expect(body).toMatchObject({ id: executionId, status: 'completed', progress: 100 })
  expect(stack.logOf('worker-1') + stack.logOf('api')).not.toContain(webhookSecret)
})

test('a worker that dies at every boundary of a plan orders nothing twice and charges what is delivered', async ({
  signal,
}) => {
  const { executionId, creditsHeld } = await plans.order(tenJobs('Harbour'))
  // The provider takes this order, and its answer never comes: the worker dies between the two.
  video.scripts.set('Harbour scene 2', { order: 'hides', times: 1 })
  const isHidden = () => invoiceOf(video, 'Harbour scene 2').length > 0
  const seen = new Set<string>()
  for (;;) {
    const isDone = await eventually(async () => {
      signal.throwIfAborted()
      const run = await plans.read(executionId)
      if (run.finishedAt !== null) return true
      const boundary = `${shapeOf(run)} ${isHidden()}`
      if (seen.has(boundary)) throw new Error(`nothing moves: ${boundary}`)
      seen.add(boundary)
      return false
    }, 60_000)
    if (isDone) break
    await worker.kill()
    worker = await stack.addWorker()
  }
  expect(seen.size).toBeGreaterThanOrEqual(6)

  const run = await plans.read(executionId)
  expect(run).toMatchObject({ status: 'completed', completed: 10, total: 10, error: null })
  expect(invoiceOf(video, 'Harbour')).toEqual([
    'Harbour scene 1',
    'Harbour scene 2',
    'Harbour scene 3',
  ])
  expect(run.credits.captured).toBe(creditsOf(run))
  expect(run.credits.captured).toBeLessThanOrEqual(creditsHeld)
  expect(run.credits.captured + run.credits.refunded).toBe(creditsHeld)
  expect(await ledgerViolations(stack)).toEqual([])
  const film = run.jobs.find(({ id }) => id === 'film')
  const probed = await probeFile(await fetched(film?.result?.url))
  expect(Number(probed.format.duration)).toBeCloseTo(6, 0)
}, 480_000)
