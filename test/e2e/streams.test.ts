import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import type { MediaStreamAnswer } from '../../src/contracts/http/streams.ts'
import { PIPELINE_STEPS } from '../../src/domain/steps.ts'
import { startFakeHttpService, type FakeHttpService } from '../support/fake-http-service.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { ledgerViolations } from '../support/stack-ledger.ts'
import { ffmpeg, framesPlayed } from '../support/stack-media.ts'
import { encodingFor, workerPool, type WorkerPool } from '../support/stack-workers.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { startWebhookSink, type WebhookSink } from '../support/webhook-sink.ts'

/** Long enough for two ranges, and so small that each takes a moment. */
const FILM = { seconds: 17, frameRate: 25, widthPx: 320, heightPx: 180 }

let stack: TestStack
let workers: WorkerPool
let speech: FakeHttpService
let speechAnswers: 'words' | 'refusal' = 'words'
let sink: WebhookSink
let folder: string
let customer: Customer
let webhookSecret: string
let mediaId: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-streams-'))
  speech = await startFakeHttpService(() =>
    speechAnswers === 'refusal'
      ? { status: 400, body: '{"error":{"message":"no"}}' }
      : {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            language: 'english',
            duration: FILM.seconds,
            text: 'Hello.',
            segments: [{ start: 1, end: 2, text: ' Hello.' }],
          }),
        },
  )
  sink = await startWebhookSink()
  stack = await startTestStack({
    SPOOL_ALLOW_PRIVATE_SOURCES: sink.host,
    SPOOL_SPEECH: 'openai',
    SPOOL_SPEECH_URL: `${speech.baseUrl}/v1`,
  })
  workers = workerPool(stack)
  await Promise.all([workers.add(), workers.add()])
  customer = await newCustomer(stack, { credits: 500 })
  const film = join(folder, 'film.mp4')
  const { seconds, frameRate, widthPx, heightPx } = FILM
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=s=${widthPx}x${heightPx}:r=${frameRate}:d=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=f=330:d=${seconds}`],
    // Not H.264: what could be copied would be no work.
    ...['-c:v', 'mpeg4', '-q:v', '5', '-c:a', 'aac', film],
  )
  mediaId = (await customer.upload(film)).body.id
  const endpoint = await customer.call<{ secret: string }>('POST', '/v1/webhooks/endpoints', {
    body: { url: sink.url },
  })
  webhookSecret = endpoint.body.secret
}, 120_000)

afterAll(async () => {
  await stack?.stop()
  await sink?.close()
  await speech?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

interface Accepted {
  readonly executionId: string
  readonly workflowId: string
  readonly creditsHeld: number
}

const order = async (body: Record<string, unknown> = { mediaId }): Promise<Accepted> => {
  const answer = await customer.call<Accepted>('POST', '/v1/streams', { body })
  expect(answer).toMatchObject({ status: 202 })
  return answer.body
}

const streamOf = async (id = mediaId): Promise<MediaStreamAnswer> => {
  const { body } = await customer.call<{ stream: MediaStreamAnswer }>('GET', `/v1/media/${id}`)
  return body.stream
}

const stepsOf = ({ steps }: ExecutionAnswer): Record<string, string> =>
  Object.fromEntries(steps.map(({ name, status }) => [name, status]))

test('a film is playable by HLS and DASH over HTTP, with all that stands beside it', async () => {
  const { executionId, creditsHeld } = await order()
  const execution = await customer.untilOver(executionId)
  // The last one tells of the end, and so runs after it.
  const before = PIPELINE_STEPS.stream.filter((name) => name !== 'notify')
  expect(stepsOf(execution)).toMatchObject(
    Object.fromEntries(before.map((name) => [name, 'completed'])),
  )
  expect(execution).toMatchObject({
    status: 'completed',
    credits: { held: creditsHeld, captured: creditsHeld, refunded: 0 },
  })

  const stream = await streamOf()
  expect(stream).toMatchObject({ status: 'ready', readyToStream: true, executionId })
  const frames = FILM.seconds * FILM.frameRate
  expect(await framesPlayed(stream.hlsUrl!)).toBe(frames)
  expect(await framesPlayed(stream.dashUrl!)).toBe(frames)
  const { posterUrl, previewGifUrl, previewWebpUrl, storyboardUrl, waveformUrl } = stream
  const types = await Promise.all(
    [posterUrl, previewGifUrl, previewWebpUrl, storyboardUrl, waveformUrl].map(async (url) => {
      const response = await fetch(url!)
      await response.body?.cancel()
      return `${response.status} ${response.headers.get('content-type')}`
    }),
  )
  expect(types).toEqual([
    '200 image/webp',
    '200 image/gif',
    '200 image/webp',
    '200 text/vtt',
    '200 application/json',
  ])
  const transcript = (await (await fetch(stream.transcriptUrl!)).json()) as { segments: unknown[] }
  expect(transcript.segments).toHaveLength(1)
  expect((await sink.eventOf(webhookSecret, executionId)).type).toBe('stream.completed')
  expect(await ledgerViolations(stack)).toEqual([])
}, 120_000)

test('a worker that is killed in a range costs that range and no other', async () => {
  stack.setSlow(true)
  const { executionId, workflowId } = await order()
  const seen = await encodingFor(stack, {
    isOwner: (ownerId) => ownerId === executionId,
    word: 'v-180-',
  })
  await workers.kill(seen.workerPid)
  stack.setSlow(false)
  const execution = await customer.untilOver(executionId)
  expect(execution).toMatchObject({ status: 'completed', error: null })
  expect(await framesPlayed((await streamOf()).hlsUrl!)).toBe(FILM.seconds * FILM.frameRate)

  const connection = await Connection.connect({ address: stack.temporalAddress })
  const { events } = await new Client({ connection }).workflow.getHandle(workflowId).fetchHistory()
  await connection.close()
  const partIds = new Set(
    events
      ?.filter(
        (event) =>
          event.activityTaskScheduledEventAttributes?.activityType?.name === 'encodeLadderPart',
      )
      .map(({ eventId }) => String(eventId)),
  )
  const attempts = events?.flatMap(({ activityTaskStartedEventAttributes: started }) =>
    started && partIds.has(String(started.scheduledEventId)) ? [started.attempt] : [],
  )
  expect(partIds.size).toBe(2)
  expect(attempts?.toSorted()).toEqual([1, 2])
  await workers.add()
}, 120_000)

test('what failed is not paid, spoils nothing, and a retry makes it alone', async () => {
  speechAnswers = 'refusal'
  const { executionId, creditsHeld } = await order()
  const partial = await customer.untilOver(executionId)
  expect(partial).toMatchObject({
    status: 'partial',
    error: { code: 'PROVIDER_REJECTED', step: 'transcript' },
  })
  expect(stepsOf(partial)).toMatchObject({ transcript: 'failed', ladder: 'completed' })
  expect(partial.credits.captured).toBeLessThan(creditsHeld)
  expect(partial.credits.captured + partial.credits.refunded).toBe(creditsHeld)
  expect(await streamOf()).toMatchObject({ status: 'partial', readyToStream: true })

  speechAnswers = 'words'
  const retried = await customer.call('POST', `/v1/executions/${executionId}/retry`)
  expect(retried.status).toBe(202)
  const completed = await customer.until(executionId, ({ status }) => status === 'completed')
  const attempts = (execution: ExecutionAnswer) =>
    Object.fromEntries(execution.steps.map((step) => [step.name, step.attempts]))
  expect(attempts(completed)).toMatchObject({
    ladder: attempts(partial)['ladder'],
    poster: attempts(partial)['poster'],
    probe: attempts(partial)['probe'],
    transcript: Number(attempts(partial)['transcript']) + 1,
  })
  expect(completed.credits.captured).toBe(creditsHeld)
  expect((await streamOf()).status).toBe('ready')
  expect(await customer.call('POST', `/v1/executions/${executionId}/retry`)).toMatchObject({
    status: 409,
  })
  expect(await ledgerViolations(stack)).toEqual([])
}, 120_000)
