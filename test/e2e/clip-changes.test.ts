import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toolchain } from '../../scripts/stack/toolchain.ts'
import { probe } from '../../src/adapters/ffmpeg/probe.ts'
import type { ClipAnswer } from '../../src/contracts/http/clips.ts'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import { toMilliseconds } from '../../src/domain/to-milliseconds.ts'
import { eventually } from '../support/eventually.ts'
import { encodersIn } from '../support/processes.ts'
import { makeSpeech } from '../support/speech.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { accountsOf, ledgerViolations } from '../support/stack-ledger.ts'
import {
  encodingFor,
  workerPool,
  workspacesOf,
  type SeenWorkspace,
  type WorkerPool,
} from '../support/stack-workers.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { makeTalkingHead } from '../support/talking-head.ts'

const SENTENCES = [
  'Welcome to the show.',
  'Why do we make movies at all?',
  'Because a picture moves people more than words.',
  'Now let us look at how it is done.',
]

let stack: TestStack
let workers: WorkerPool
let folder: string
let customer: Customer
/** An order of two clips, which is over; its worker was killed while it encoded them. */
let orderId: string
/** The worker that was killed, and the folder in which it encoded. */
let dead: SeenWorkspace

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-clip-changes-'))
  const voicePath = await makeSpeech(join(folder, 'voice.wav'), SENTENCES, 0.8)
  const film = await makeTalkingHead(join(folder, 'talk.mp4'), {
    ...{ voicePath, durationSeconds: 24, cutSeconds: 12 },
  })
  stack = await startTestStack({
    SPOOL_PYTHON_PATH: toolchain().pythonPath ?? 'python3',
    SPOOL_SWEEP_INTERVAL_SECONDS: '2',
  })
  workers = workerPool(stack)
  await workers.add()
  customer = await newCustomer(stack, { credits: 500 })
  const mediaId = (await customer.upload(film)).body.id
  const body = { mediaId, count: 2, minSeconds: 5, maxSeconds: 7, format: 'square_1080' }
  const ordered = await customer.call<{ executionId: string }>('POST', '/v1/clips', { body })
  orderId = ordered.body.executionId
  const isAtWork = ({ name, status }: ExecutionAnswer['steps'][number]) =>
    name.startsWith('clip ') && status === 'processing'
  await customer.until(orderId, ({ steps }) => steps.some(isAtWork), 240_000)
  dead = await killWhileCutting(orderId)
  await customer.untilOver(orderId, 240_000)
}, 600_000)
afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Kills the worker that cuts a clip of the execution, in the middle of it; another one stands by. */
const killWhileCutting = async (executionId: string): Promise<SeenWorkspace> => {
  stack.setSlow(true)
  const isOwner = (owner: string) => owner === executionId
  const cutting = await encodingFor(stack, { isOwner, word: 'sendcmd' })
  await workers.add()
  await workers.kill(cutting.workerPid)
  stack.setSlow(false)
  return cutting
}

const clipsOfOrder = async (): Promise<readonly ClipAnswer[]> => {
  const path = `/v1/clips?executionId=${orderId}`
  return (await customer.call<{ clips: ClipAnswer[] }>('GET', path)).body.clips
}

/** Orders a change of a clip, and expects it to be taken. */
const change = async (id: string, how: 'edit' | 'regenerate', body: object): Promise<string> => {
  const path = `/v1/clips/${id}/${how}`
  const answer = await customer.call<{ executionId: string }>('POST', path, { body })
  expect(answer.status).toBe(202)
  return answer.body.executionId
}

const stepsOf = ({ steps }: ExecutionAnswer) => steps.map(({ name }) => name)

test('an order whose worker dies in its clips has each of them once, for the price of once', async () => {
  // Who is told is told after the end.
  const isDone = ({ steps }: ExecutionAnswer) => steps.every(({ status }) => status === 'completed')
  const execution = await customer.until(orderId, isDone)
  // Twelve for a clip, and three for 24 seconds of transcript.
  expect(execution).toMatchObject({
    ...{ status: 'completed', error: null },
    credits: { held: 27, captured: 27, refunded: 0 },
  })
  const unbegun = execution.steps.filter(({ startedAt }) => startedAt === null)
  expect(unbegun).toEqual([])
  const { holdState, captures } = await accountsOf(stack, orderId)
  expect({ holdState, captures }).toEqual({ holdState: 'captured', captures: 1 })
  const clips = await clipsOfOrder()
  expect(clips.map(({ id, version }) => ({ id, version }))).toEqual(
    execution.clipIds!.map((id) => ({ id, version: 1 })),
  )
  const files = readdirSync(stack.storageDir, { recursive: true, encoding: 'utf8' })
  const made = files.map((name) => basename(name)).filter((name) => /^clip-.*mp4$/.test(name))
  expect(made.toSorted()).toEqual(['clip-1.mp4', 'clip-2.mp4'])

  // FFmpeg is gone with its worker, and its folder at the next sweep of any other.
  expect(encodersIn(dead.path)).toEqual([])
  await eventually(() =>
    expect(workspacesOf(stack).map(({ workerPid }) => workerPid)).not.toContain(dead.workerPid),
  )
  expect(await ledgerViolations(stack)).toEqual([])
})

test('a clip is edited to the frame though its worker dies, once, and for the price of one', async () => {
  const [before] = await clipsOfOrder()
  const { id, startSeconds } = before!
  // Times are shown to the millisecond, and sums of floats are not.
  const start = toMilliseconds(Math.min(startSeconds, 17) + 0.52)
  const end = toMilliseconds(start + 5.2)
  const edit = { start, end, captions: { preset: 'minimal' }, format: 'vertical_1080' }
  const executionId = await change(id, 'edit', edit)
  await killWhileCutting(executionId)
  const execution = await customer.untilOver(executionId, 180_000)
  expect(execution).toMatchObject({
    ...{ status: 'completed', error: null, clipIds: [id] },
    credits: { held: 12, captured: 12, refunded: 0 },
  })
  expect(stepsOf(execution)).toEqual(['hold credits', 'clip 1', 'save', 'notify'])

  const { body: clip } = await customer.call<ClipAnswer>('GET', `/v1/clips/${id}`)
  expect(clip).toMatchObject({
    ...{ version: 2, executionId, source: 'customer', title: before!.title },
    ...{ startSeconds: start, endSeconds: end, format: 'vertical_1080' },
  })
  const path = join(folder, 'edited.mp4')
  await writeFile(path, Buffer.from(await (await fetch(clip.videoUrl)).arrayBuffer()))
  const made = await probe({ ffprobePath: 'ffprobe', path })
  const video = made.streams.find(({ kind }) => kind === 'video')
  expect([video?.widthPx, video?.heightPx]).toEqual([1080, 1920])
  expect(made.durationSeconds).toBeGreaterThan(5.2 - 0.05)
  expect(made.durationSeconds).toBeLessThan(5.2 + 0.05)
  expect(await ledgerViolations(stack)).toEqual([])
})

test('another moment takes the place of a clip, and overlaps none', async () => {
  const [first, second] = await clipsOfOrder()
  const executionId = await change(second!.id, 'regenerate', {})
  const execution = await customer.untilOver(executionId, 180_000)
  expect(execution).toMatchObject({ status: 'completed', credits: { captured: 12 } })
  expect(stepsOf(execution)).toEqual(['hold credits', 'score', 'clip 2', 'save', 'notify'])
  const [, now] = await clipsOfOrder()
  expect(now).toMatchObject({ id: second!.id, version: 2, executionId })
  for (const other of [first!, second!]) {
    const isApart =
      now!.startSeconds >= other.endSeconds - 1e-6 || now!.endSeconds <= other.startSeconds + 1e-6
    expect(isApart, `${now!.startSeconds} to ${now!.endSeconds}`).toBe(true)
  }
  expect(await ledgerViolations(stack)).toEqual([])
})
