import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newWebhookSecret } from '../../src/adapters/webhooks/standard-webhooks.ts'
import { eventually } from '../support/eventually.ts'
import {
  FAKE_RENDER,
  startFakeRenderer,
  type FakeRenderer,
  type FakeTask,
  type RenderScript,
} from '../support/fake-renderer.ts'
import {
  closedPort,
  startFakeHttpService,
  type FakeHttpService,
} from '../support/fake-http-service.ts'
import type { Service } from '../support/stack-service.ts'
import { newCustomer, type AcceptedRender, type Customer } from '../support/stack-customer.ts'
import { accountsOf, ledgerViolations } from '../support/stack-ledger.ts'
import { makeSong } from '../support/stack-media.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

const CREDITS = FAKE_RENDER.durationSeconds

let stack: TestStack
let worker: Service
/** Of the primary pool: the first to be asked. */
let alpha: FakeRenderer
/** Of the backup pool. */
let beta: FakeRenderer
let slack: FakeHttpService
let folder: string
let customer: Customer
let songId: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-files-'))
  alpha = await startFakeRenderer('alpha', folder)
  beta = await startFakeRenderer('beta', folder)
  slack = await startFakeHttpService(() => ({ body: 'ok' }))
  stack = await startTestStack({
    SPOOL_RENDERERS: JSON.stringify([alpha.entry('primary'), beta.entry('backup')]),
    SPOOL_STALL_TIMEOUT_SECONDS: '4',
    SPOOL_POLL_INTERVAL_SECONDS: '1',
    SPOOL_SLACK_WEBHOOK_URL: `${slack.baseUrl}/services/T0/B0/x`,
  })
  worker = await stack.addWorker()
  customer = await newCustomer(stack, { credits: 1_000 })
  songId = (await customer.upload(await makeSong(join(folder, 'song.wav'), 3))).body.id
})

afterAll(async () => {
  await stack?.stop()
  await Promise.all([alpha, beta, slack].map((service) => service?.close()))
  if (folder) rmSync(folder, { recursive: true, force: true })
})

interface Ordered extends AcceptedRender {
  readonly videoId: string
}

/** Orders a render that the renderers treat by its title. */
const order = async (title: string): Promise<Ordered> => {
  const video = await customer.makeVideo({
    audioMediaId: songId,
    region: { startSeconds: 0.25, endSeconds: 0.25 + FAKE_RENDER.durationSeconds },
    format: FAKE_RENDER.format,
    settings: { title },
  })
  return { ...(await customer.order(video.id)), videoId: video.id }
}

const taskOf = (renderer: FakeRenderer, title: string): Promise<FakeTask> =>
  eventually(() => {
    const [task] = renderer.tasksOf(title)
    if (task === undefined) throw new Error(`${renderer.name} has no task for ${title}`)
    return task
  }, 60_000)

const expectReadyAndPaidOnce = async ({ executionId, videoId }: Ordered): Promise<void> => {
  expect(await customer.untilOver(executionId, 180_000)).toMatchObject({
    status: 'completed',
    error: null,
    credits: { held: CREDITS, captured: CREDITS, refunded: 0 },
  })
  expect(await customer.video(videoId)).toMatchObject({ status: 'ready', renderProgress: 100 })
  expect(await accountsOf(stack, executionId)).toMatchObject({ holdState: 'captured', captures: 1 })
}

const alertsAbout = (executionId: string): number =>
  slack.requests.filter(({ body }) => body.includes(executionId)).length

/** Titles and what the first renderer does to them; the second one is a good one. */
const TROUBLES: Record<string, RenderScript> = {
  'refuses with 500': { order: 500 },
  'refuses with 422': { order: 422 },
  'answers an order with a page': { order: 'page' },
  'hangs when it gets an order': { order: 'hangs' },
  'hangs when it is asked': { work: 'silent', asked: 'hangs' },
  'falls silent': { work: 'silent' },
  fails: { work: 'fails' },
  'says that it is done and has no output': { delivers: 'nothing' },
  'delivers an address with nothing there': { delivers: 'missing' },
  'delivers half of the length': { delivers: 'short' },
  'delivers a corrupt file': { delivers: 'corrupt' },
  'delivers an HTML page': { delivers: 'page' },
  'delivers another size': { delivers: 'resized' },
}

describe('when the first renderer', () => {
  const ordered = new Map<string, Ordered>()

  // All at once: most of their time is waiting.
  beforeAll(async () => {
    for (const [title, script] of Object.entries(TROUBLES)) {
      alpha.scripts.set(title, script)
      ordered.set(title, await order(title))
    }
  })

  test.each(Object.keys(TROUBLES))('%s, the next one delivers', async (title) => {
    await expectReadyAndPaidOnce(ordered.get(title)!)
    expect(beta.tasksOf(title)).toMatchObject([{ status: 'completed', orders: 1 }])
    // A job that was taken and not finished is not left running there.
    for (const task of alpha.tasksOf(title)) expect(task.status).not.toBe('processing')
  })
})

test('a renderer that is slow but alive keeps its job', async () => {
  alpha.scripts.set('slow', { work: 'alive' })
  const { executionId, videoId, ...rest } = await order('slow')
  const task = await taskOf(alpha, 'slow')
  // Twice the stall time, by its own clock.
  await eventually(() => {
    expect(Date.now() - task.createdAt.getTime()).toBeGreaterThan(8_000)
  })
  task.status = 'completed'
  await expectReadyAndPaidOnce({ executionId, videoId, ...rest })
  expect(beta.tasksOf('slow')).toEqual([])
})

test('an order whose answer was lost is repeated under its key and makes no second task', async () => {
  alpha.scripts.set('lost answer', { order: 'loses' })
  await expectReadyAndPaidOnce(await order('lost answer'))
  expect(alpha.tasksOf('lost answer')).toMatchObject([{ orders: 2, status: 'completed' }])
  expect(beta.tasksOf('lost answer')).toEqual([])
})

test('when every renderer delivers the wrong video the render fails and is given back', async () => {
  for (const renderer of [alpha, beta]) renderer.scripts.set('all lie', { delivers: 'short' })
  const { executionId, videoId } = await order('all lie')
  expect(await customer.untilOver(executionId)).toMatchObject({
    status: 'error',
    error: { code: 'RENDERER_OUTPUT_INVALID', step: 'remote render' },
    credits: { held: CREDITS, captured: 0, refunded: CREDITS },
  })
  expect(await customer.video(videoId)).toMatchObject({ status: 'error', videoUrl: null })
  expect(await accountsOf(stack, executionId)).toMatchObject({ holdState: 'voided', captures: 0 })
  await eventually(() => expect(alertsAbout(executionId)).toBe(1))
})

test('when all renderers are away the render is stalled until a retry, or until one is back', async () => {
  const titles = ['away until retried', 'away until back'] as const
  for (const renderer of [alpha, beta]) {
    renderer.well = false
    for (const title of titles) renderer.scripts.set(title, { order: 503 })
  }
  const [retried, noticed] = [await order(titles[0]), await order(titles[1])]
  for (const { executionId, videoId } of [retried, noticed]) {
    await customer.until(executionId, ({ status }) => status === 'stalled')
    const video = await customer.video(videoId)
    expect(video.status).toBe('stalled')
    expect(Date.parse(video.stalledAt ?? '')).toBeGreaterThan(0)
    expect(await accountsOf(stack, executionId)).toMatchObject({ holdState: 'pending' })
    await eventually(() => expect(alertsAbout(executionId)).toBe(1))
  }

  alpha.scripts.delete(titles[0])
  const asked = await customer.call('POST', `/v1/executions/${retried.executionId}/retry`)
  expect(asked.status).toBe(202)
  await expectReadyAndPaidOnce(retried)
  expect(await customer.video(retried.videoId)).toMatchObject({ stalledAt: null })

  alpha.scripts.delete(titles[1])
  alpha.well = true
  beta.well = true
  await expectReadyAndPaidOnce(noticed)
})

describe('webhooks', () => {
  test('one that comes before the order was answered counts', async () => {
    alpha.scripts.set('early', { webhook: 'before the answer' })
    await expectReadyAndPaidOnce(await order('early'))
    expect(beta.tasksOf('early')).toEqual([])
  })

  test('forged and stale ones are refused; doubled, disordered and late ones have no second effect', async () => {
    alpha.scripts.set('noisy', { work: 'alive' })
    const ordered = await order('noisy')
    const task = await taskOf(alpha, 'noisy')
    await customer.until(ordered.executionId, ({ currentStep }) => currentStep === 'remote render')
    const nowSeconds = Math.floor(Date.now() / 1000)
    const bad = [
      { secret: newWebhookSecret() },
      { secret: beta.webhookSecret },
      { timestampSeconds: nowSeconds - 301 },
      { timestampSeconds: nowSeconds + 600 },
      { url: task.webhookUrl.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) },
      { url: `${stack.apiUrl}/webhooks/tasks/none` },
    ]
    for (const fault of bad) {
      const { status } = await alpha.send(task, { type: 'job.succeeded', ...fault })
      expect({ fault, status }).toEqual({ fault, status: 401 })
    }
    expect((await alpha.send(task, { type: 'job.progress', progress: 70 })).status).toBe(200)
    expect((await alpha.send(task, { type: 'job.progress', progress: 20 })).status).toBe(200)
    const { steps, status } = await customer.execution(ordered.executionId)
    expect(status).toBe('processing')
    expect(steps.find(({ name }) => name === 'remote render')?.progress).toBe(70)

    task.status = 'completed'
    const three = await Promise.all(
      [1, 2, 3].map(() => alpha.send(task, { type: 'job.succeeded' })),
    )
    for (const answered of three) expect(answered.status).toBe(200)
    await expectReadyAndPaidOnce(ordered)
    for (const type of ['job.succeeded', 'job.failed', 'job.progress'] as const) {
      const late = await alpha.send(task, { type, progress: 5 })
      expect(late.status).toBe(200)
    }
    await expectReadyAndPaidOnce(ordered)
    expect(alpha.tasksOf('noisy')).toHaveLength(1)
  })
})

test('a newer render of the video takes the place of the older one, also at the renderer', async () => {
  alpha.scripts.set('superseded', { work: 'alive' })
  const older = await order('superseded')
  const task = await taskOf(alpha, 'superseded')
  const newer = { ...(await customer.order(older.videoId)), videoId: older.videoId }
  expect(await customer.untilOver(older.executionId)).toMatchObject({
    status: 'canceled',
    credits: { captured: 0 },
  })
  expect(await accountsOf(stack, older.executionId)).toMatchObject({ holdState: 'voided' })
  await eventually(() => expect(task.status).toBe('canceled'))
  const next = await eventually(() => {
    const found = alpha.tasksOf('superseded')[1]
    if (found === undefined) throw new Error('the newer render was not ordered')
    return found
  })
  expect(next.executionId).toBe(newer.executionId)
  next.status = 'completed'
  await expectReadyAndPaidOnce(newer)
  expect((await customer.video(older.videoId)).executionId).toBe(newer.executionId)
})

test('a dead CDN, mail server and alert target do not keep a video from its owner', async () => {
  await worker.stop()
  const dead = `127.0.0.1:${await closedPort()}`
  await stack.addWorker({
    SPOOL_CDN: 'purge',
    SPOOL_CDN_BASE_URL: `http://${dead}`,
    SPOOL_CDN_PURGE_URLS: `http://${dead}`,
    SPOOL_SMTP_URL: `smtp://${dead}`,
    SPOOL_SLACK_WEBHOOK_URL: `http://${dead}/services`,
  })
  const owner = await newCustomer(stack, { credits: 10, email: 'owner@example.com' })
  const { id } = (await owner.upload(join(folder, 'song.wav'))).body
  const render = async (title: string): Promise<AcceptedRender> => {
    const { format, durationSeconds } = FAKE_RENDER
    const region = { startSeconds: 0, endSeconds: durationSeconds }
    const video = await owner.makeVideo({ audioMediaId: id, region, format, settings: { title } })
    return await owner.order(video.id)
  }
  alpha.scripts.set('everybody fails', { work: 'fails' })
  beta.scripts.set('everybody fails', { work: 'fails' })
  const [good, bad] = [await render('nobody hears of it'), await render('everybody fails')]

  const ready = await owner.until(good.executionId, ({ steps }) =>
    steps.every(({ name, status }) => name !== 'notify' || status === 'failed'),
  )
  expect(ready).toMatchObject({ status: 'completed', credits: { captured: CREDITS } })
  expect(ready.steps.filter(({ status }) => status === 'failed')).toMatchObject([
    { name: 'invalidate cdn', error: { code: 'CDN_FAILED' } },
    { name: 'notify', error: { code: 'NOTIFICATION_FAILED' } },
  ])
  const failed = await owner.untilOver(bad.executionId)
  expect(failed).toMatchObject({ status: 'error', credits: { captured: 0, refunded: CREDITS } })
  expect(stack.logOf('worker-2')).toContain('NOTIFICATION_FAILED')
})

test('after all of it the ledger is sound', async () => {
  expect(await ledgerViolations(stack)).toEqual([])
})
