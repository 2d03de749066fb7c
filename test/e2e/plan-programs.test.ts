/** Programs and agents against the whole stack, by models that need no key: what they describe is made. */

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectRoot } from '../../scripts/stack/toolchain.ts'
import {
  audioModel,
  compose,
  executeFromPlan,
  generateAudio,
  generateImage,
  generateVideo,
  imageModel,
  layers,
  lintPlan,
  videoModel,
  type ExecutionPlan,
  type PipelineProgress,
} from '../../src/sdk/index.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { plansOf } from '../support/stack-generations.ts'
import { ledgerViolations } from '../support/stack-ledger.ts'
import { meanVolumeDb, probeFile } from '../support/stack-media.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

const run = promisify(execFile)
const example = (name: string) => join(projectRoot, 'examples', 'plans', name)
const LOUD_DB = -40

let stack: TestStack
let customer: Customer
let folder: string
const access = () => ({ apiUrl: stack.apiUrl, apiKey: customer.key })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-programs-'))
  stack = await startTestStack()
  await stack.addWorker()
  customer = await newCustomer(stack, { credits: 2_000 })
}, 120_000)

afterAll(async () => {
  await stack?.stop()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const fetched = async (url: string | undefined, name: string): Promise<string> => {
  const response = await fetch(url ?? '')
  expect(response.status).toBe(200)
  const path = join(folder, name)
  writeFileSync(path, Buffer.from(await response.arrayBuffer()))
  return path
}

/** A film with a picture of this size, so many seconds, and a voice that is heard. */
const expectSpokenFilm = async (
  path: string,
  { width, height, seconds }: { width: number; height: number; seconds: number },
): Promise<void> => {
  const { streams, format } = await probeFile(path)
  expect(streams.find((stream) => stream.codec_type === 'video')).toMatchObject({ width, height })
  expect(Number(format.duration)).toBeCloseTo(seconds, 0)
  expect(await meanVolumeDb(path)).toBeGreaterThan(LOUD_DB)
}

const scene = (prompt: string) =>
  generateVideo({
    model: videoModel('local/pan-zoom', 'local'),
    image: generateImage({ model: imageModel('local/card', 'local'), prompt, aspectRatio: '16:9' }),
    duration: 2,
    width: 320,
    height: 180,
  })
const voice = (text: string) => generateAudio({ model: audioModel('local/espeak', 'local'), text })

describe('a program', () => {
  test('that needs no key makes its film, with the voice-over in it', async () => {
    const env = {
      PATH: process.env['PATH'],
      SPOOL_API_URL: stack.apiUrl,
      SPOOL_API_KEY: customer.key,
    }
    const { stdout, stderr } = await run(process.execPath, [example('first-film.ts')], { env })
    expect(stderr).toContain('completed 7 of 7')
    const film = await fetched(stdout.trim(), 'first-film.mp4')
    await expectSpokenFilm(film, { width: 640, height: 360, seconds: 6 })
  })

  test('that only puts a voice beside its scenes hears it, and is told how far it is', async () => {
    const seen: PipelineProgress[] = []
    const pipeline = compose(scene('One'), scene('Two'), voice('One, and then two.')).onProgress(
      (progress) => seen.push(progress),
    )
    const execution = await pipeline.execute(access())
    const film = await fetched(execution.result?.url, 'beside.mp4')
    await expectSpokenFilm(film, { width: 320, height: 180, seconds: 4 })
    expect(seen.at(-1)).toMatchObject({ completedJobs: 6, totalJobs: 6, progress: 100 })
    const counts = seen.map(({ completedJobs }) => completedJobs)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))

    const again = await pipeline.execute(access())
    const { jobs, credits } = await plansOf(customer).read(again.id)
    expect(jobs.every(({ cacheHit }) => cacheHit)).toBe(true)
    expect(credits.captured).toBe(0)
  })

  test('that runs a plan from a file gets what it is for', async () => {
    const plan = JSON.parse(readFileSync(example('local.json'), 'utf8')) as ExecutionPlan
    const execution = await executeFromPlan(plan, access())
    const film = await fetched(execution.result?.url, 'local.mp4')
    await expectSpokenFilm(film, { width: 640, height: 360, seconds: 4 })
    const { jobs, result } = await execution.getStatus()
    expect(jobs.map(({ id, status }) => [id, status])).toEqual(
      plan.jobs.map(({ id }) => [id, 'completed']),
    )
    expect(result?.url).toMatch(/^http/)
  })

  test('that lays a scene and a voice over a picture shows and says both', async () => {
    const room = generateImage({
      model: imageModel('local/card', 'local'),
      prompt: 'A room',
      width: 320,
      height: 180,
    })
    const pipeline = compose(
      layers([
        { media: room },
        { media: scene('A window'), placement: 'w-1/2 bottom-right' },
        { media: voice('A room with a window.') },
      ]),
    )
    const execution = await pipeline.execute(access())
    const path = await fetched(execution.result?.url, 'layers.mp4')
    const { streams } = await probeFile(path)
    expect(streams.find((stream) => stream.codec_type === 'video')).toMatchObject({ width: 320 })
    expect(await meanVolumeDb(path)).toBeGreaterThan(LOUD_DB)
  })

  test('that orders too much is told what, and nothing is held', async () => {
    const pipeline = compose(scene('Too dear'))
    const judged = await lintPlan({ ...pipeline.toJSON(), maxCredits: -1 }, access())
    expect(judged).toMatchObject({ ok: false, findings: [{ path: 'maxCredits' }] })
    expect(await lintPlan(pipeline.toJSON(), access())).toMatchObject({
      ok: true,
      estimate: { jobs: [{ jobId: 'job1' }, { jobId: 'job2' }] },
    })
    await expect(pipeline.execute({ ...access(), maxCredits: -1 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      findings: [expect.objectContaining({ path: 'maxCredits' })],
    })
    const { body } = await customer.call<{ credits: { held: number } }>('GET', '/v1/account')
    expect(body.credits.held).toBe(0)
  })
})

describe('an agent', () => {
  const connect = async (): Promise<Client> => {
    const client = new Client(
      { name: 'agent', version: '1' },
      { versionNegotiation: { mode: 'auto' } },
    )
    const requestInit = { headers: { authorization: `Bearer ${customer.key}` } }
    const url = new URL(`${stack.apiUrl}/mcp`)
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }))
    return client
  }

  test('judges, starts, watches, changes and cancels a plan', async () => {
    const agent = await connect()
    const ask = async (name: string, args: Record<string, unknown>) =>
      (await agent.callTool({ name, arguments: args })).structuredContent as Record<string, unknown>
    const watch = async (executionId: unknown) => {
      for (;;) {
        const seen = await ask('watch_generation', { executionId, waitSeconds: 20 })
        if (seen['finishedAt'] !== null) return seen
      }
    }
    const plan = compose(scene('Watched'), voice('Watched.')).toJSON()

    expect(await ask('lint_plan', { plan })).toMatchObject({ ok: true, findings: [] })
    const { executionId } = await ask('start_plan', { plan, idempotencyKey: 'once' })
    expect(await ask('start_plan', { plan, idempotencyKey: 'once' })).toMatchObject({ executionId })
    const { status, result } = await watch(executionId)
    expect(status).toBe('completed')
    const film = await fetched((result as { url: string }).url, 'agent.mp4')
    await expectSpokenFilm(film, { width: 320, height: 180, seconds: 2 })

    const spoken = plan.jobs.find(({ type }) => type === 'generateAudio')?.id ?? ''
    const changes = { [spoken]: { params: { text: 'Something else.' } } }
    const preview = await ask('fork_generation', { executionId, changes, dryRun: true })
    expect((preview['reusedJobs'] as string[]).toSorted()).toEqual(['job1', 'job2'])
    const forked = await ask('fork_generation', { executionId, changes })
    expect(await watch(forked['executionId'])).toMatchObject({ status: 'completed' })

    stack.setSlow(true)
    const other = await ask('start_plan', { plan: compose(scene('Never seen')).toJSON() })
    await ask('cancel_generation', { executionId: other['executionId'] })
    stack.setSlow(false)
    expect(await watch(other['executionId'])).toMatchObject({ status: 'canceled' })
    await agent.close()
    expect(await ledgerViolations(stack)).toEqual([])
  })
})
