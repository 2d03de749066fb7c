import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startFakeSmtp, type FakeSmtp } from '../support/fake-smtp.ts'
import { encodersIn } from '../support/processes.ts'
import { newCustomer, type AcceptedRender, type Customer } from '../support/stack-customer.ts'
import { accountsOf, ledgerViolations } from '../support/stack-ledger.ts'
import { makeSong } from '../support/stack-media.ts'
import {
  encodingFor,
  workerPool,
  workspacesOf,
  type SeenWorkspace,
  type WorkerPool,
} from '../support/stack-workers.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { startWebhookSink, type WebhookSink } from '../support/webhook-sink.ts'

/** The longest that a step may take to be stopped; in practice it is one to two seconds. */
const STOPPED_WITHIN_MS = 15_000

let stack: TestStack
let workers: WorkerPool
let sink: WebhookSink
let smtp: FakeSmtp
let folder: string
let customer: Customer
let webhookSecret: string
let songId: string
/** While true, the mail server takes a connection and then says nothing. */
let mailHangs = false

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-files-'))
  sink = await startWebhookSink()
  smtp = await startFakeSmtp({
    onConnect: (_session, greet) => {
      if (!mailHangs) greet()
    },
  })
  stack = await startTestStack({
    SPOOL_ALLOW_PRIVATE_SOURCES: sink.host,
    SPOOL_SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
  })
  workers = workerPool(stack)
  await Promise.all([workers.add(), workers.add()])
  customer = await newCustomer(stack, { credits: 1_000, email: 'ada@example.com' })
  songId = (await customer.upload(await makeSong(join(folder, 'song.wav'), 3))).body.id
  const endpoint = await customer.call<{ secret: string }>('POST', '/v1/webhooks/endpoints', {
    body: { url: sink.url },
  })
  webhookSecret = endpoint.body.secret
})

afterAll(async () => {
  await stack?.stop()
  await sink?.close()
  await smtp?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

beforeEach(() => {
  mailHangs = false
  stack.setSlow(true)
})

/** A render of two seconds, for which each FFmpeg takes as long. */
const order = async (): Promise<AcceptedRender & { videoId: string }> => {
  const video = await customer.makeVideo({
    audioMediaId: songId,
    region: { startSeconds: 0.5, endSeconds: 2.5 },
    format: '1:1',
  })
  return { ...(await customer.order(video.id)), videoId: video.id }
}

/** Waits until FFmpeg works at this step of the execution. */
const atWork = async (executionId: string, moment: Moment): Promise<SeenWorkspace> => {
  await customer.until(executionId, ({ steps }) =>
    steps.some(({ name, status }) => name === moment.step && status === 'processing'),
  )
  return await encodingFor(stack, { ...moment, isOwner: moment.ownerOf(executionId) })
}

interface Moment {
  readonly name: string
  readonly step: string
  /** A word of the command line: there are shorter runs of FFmpeg before and after. */
  readonly word: string
  readonly ownerOf: (executionId: string) => (ownerId: string) => boolean
}

const itself = (executionId: string) => (ownerId: string) => ownerId === executionId
/** Tests of this file run one after the other: the only task is that of the render in work. */
const itsTask = () => (ownerId: string) => ownerId.startsWith('task_')

const step = (name: string) => ({ name: `the ${name}`, step: name, ownerOf: itself })
const CROPPING: Moment = { ...step('crop audio'), word: 'audio.mp3' }
const THUMBNAILS: Moment = { ...step('thumbnails'), word: 'video.mp4' }
const VERIFYING: Moment = {
  ...step('remote render'),
  name: 'the verification',
  word: 'verified.mp4',
}
const DRAWING: Moment = {
  name: 'the drawing',
  step: 'remote render',
  word: 'rawvideo',
  ownerOf: itsTask,
}

const expectPaidOnce = async (executionId: string): Promise<void> => {
  expect(await accountsOf(stack, executionId)).toEqual({
    holdState: 'captured',
    captures: 1,
    capturedCredits: 2,
    tasks: [{ round: 1, status: 'completed' }],
  })
  expect(await ledgerViolations(stack)).toEqual([])
}

const expectNothingLeft = (path: string): Promise<void> =>
  eventually(() => expect(encodersIn(path)).toEqual([]), STOPPED_WITHIN_MS)

test.each([CROPPING, DRAWING, VERIFYING, THUMBNAILS])(
  'a worker killed in $name is replaced by another one, and nothing is done or paid twice',
  async (moment) => {
    const { executionId, videoId } = await order()
    const before = await atWork(executionId, moment)
    const killedAtMs = performance.now()
    await workers.kill(before.workerPid)
    await expectNothingLeft(before.path)

    // Not just its folder: another worker may have one for what runs beside this step.
    const again = await encodingFor(stack, { ...moment, isOwner: moment.ownerOf(executionId) })
    expect(again.workerPid).not.toBe(before.workerPid)
    const againAfterMs = Math.round(performance.now() - killedAtMs)
    process.stdout.write(`${moment.name} runs again ${againAfterMs} ms after its worker's death\n`)
    stack.setSlow(false)
    const [over] = await Promise.all([customer.untilOver(executionId), workers.add()])

    expect(over).toMatchObject({ status: 'completed', error: null })
    expect(await customer.video(videoId)).toMatchObject({ status: 'ready', renderProgress: 100 })
    await expectPaidOnce(executionId)
    // The new worker has cleared away what the dead one left.
    expect(workspacesOf(stack).map(({ workerPid }) => workerPid)).not.toContain(before.workerPid)
    expect((await sink.eventOf(webhookSecret, executionId)).type).toBe('render.completed')
  },
)

/** Of Temporal's states of a pending activity: a worker has it. */
const PENDING_STARTED = 2

/** The worker that has the activity; Temporal knows it as `pid@host`. */
const workerOf = async (workflowId: string, activity: string): Promise<number> => {
  const connection = await Connection.connect({ address: stack.temporalAddress })
  try {
    const handle = new Client({ connection }).workflow.getHandle(workflowId)
    return await eventually(async () => {
      const { raw } = await handle.describe()
      const pending = raw.pendingActivities?.find(
        ({ activityType, state }) =>
          activityType?.name === activity && Number(state) === PENDING_STARTED,
      )
      if (!pending?.lastWorkerIdentity) throw new Error(`${activity} has not started`)
      return Number.parseInt(pending.lastWorkerIdentity, 10)
    }, 60_000)
  } finally {
    await connection.close()
  }
}

test('a worker killed while it tells of the end is replaced, and the video stays ready', async () => {
  mailHangs = true
  stack.setSlow(false)
  const { executionId, workflowId, videoId } = await order()
  const pid = await workerOf(workflowId, 'sendMail')
  expect(await customer.video(videoId)).toMatchObject({ status: 'ready' })
  const mailsBefore = smtp.mails.length
  mailHangs = false
  const killedAtMs = performance.now()
  await workers.kill(pid)
  await eventually(() => expect(smtp.mails.length).toBe(mailsBefore + 1), 60_000)
  const againAfterMs = Math.round(performance.now() - killedAtMs)
  process.stdout.write(`the mail is sent ${againAfterMs} ms after its worker's death\n`)
  await workers.add()
  await customer.until(executionId, ({ completed, total }) => completed === total)
  await expectPaidOnce(executionId)
})

test.each([CROPPING, DRAWING, VERIFYING, THUMBNAILS])(
  'a cancel in $name stops FFmpeg, gives the credits back, and leaves nothing behind',
  async (moment) => {
    const { executionId, videoId } = await order()
    const working = await atWork(executionId, moment)
    const askedAtMs = performance.now()
    const asked = await customer.call('POST', `/v1/executions/${executionId}/cancel`)
    expect(asked.status).toBe(202)

    await expectNothingLeft(working.path)
    const canceled = await customer.untilOver(executionId, STOPPED_WITHIN_MS)
    const afterMs = Math.round(performance.now() - askedAtMs)
    process.stdout.write(`${moment.name} was canceled within ${afterMs} ms\n`)
    expect(canceled).toMatchObject({ status: 'canceled', credits: { captured: 0 } })
    expect(await customer.video(videoId)).toMatchObject({ status: 'canceled', videoUrl: null })
    const { holdState, captures } = await accountsOf(stack, executionId)
    expect({ holdState, captures }).toEqual({ holdState: 'voided', captures: 0 })
    // The task has a workflow of its own, which hears of it a moment later.
    await eventually(async () => {
      const { tasks } = await accountsOf(stack, executionId)
      expect(tasks.filter(({ status }) => status === 'processing')).toEqual([])
    })
    await eventually(() => expect(workspacesOf(stack)).toEqual([]))
    expect((await sink.eventOf(webhookSecret, executionId)).type).toBe('render.canceled')
    expect(await ledgerViolations(stack)).toEqual([])
  },
)
