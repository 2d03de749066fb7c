import { join } from 'node:path'
import type { MockActivityEnvironment } from '@temporalio/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { createReplicate } from '../../src/adapters/models/replicate.ts'
import type { ActivityDependencies } from '../../src/activities/dependencies.ts'
import type { AccountId, ExecutionId } from '../../src/domain/ids.ts'
import type { ModelChoice, PlanJob } from '../../src/domain/generation/plan.ts'
import { jobStep } from '../../src/domain/steps.ts'
import { startFakeFal } from '../support/fake-fal.ts'
import type { FakeProvider, FakeScript } from '../support/fake-model-desk.ts'
import { startFakeOpenai } from '../support/fake-openai.ts'
import { startFakeReplicate } from '../support/fake-replicate.ts'
import { insertAccount, newId } from '../support/records.ts'
import { ffmpeg } from '../support/stack-media.ts'
import { startActivityWorld } from './support/activity-world.ts'

const replicate = await startFakeReplicate()
const fal = await startFakeFal()
const openai = await startFakeOpenai()
const world = await startActivityWorld({
  REPLICATE_API_TOKEN: replicate.apiKey,
  REPLICATE_BASE_URL: replicate.baseUrl,
  FAL_KEY: fal.apiKey,
  FAL_BASE_URL: fal.baseUrl,
  OPENAI_API_KEY: openai.apiKey,
  OPENAI_BASE_URL: openai.baseUrl,
})
afterAll(() => Promise.all([replicate.close(), fal.close(), openai.close()]))

const { generations } = world.repositories
const AT_REPLICATE = { model: 'google/nano-banana', provider: 'replicate' }
const AT_FAL = { model: 'google/nano-banana', provider: 'fal' }
const WRITER = { model: 'openai/gpt-4.1-mini', provider: 'openai' }

const imageJob = (id: string, prompt: string, ...choices: ModelChoice[]): PlanJob => ({
  id,
  operation: 'generateImage',
  choices: choices.length === 0 ? [AT_REPLICATE] : choices,
  params: { prompt },
  dependsOn: [],
})

interface Plan {
  readonly accountId: AccountId
  readonly executionId: ExecutionId
}

/** A plan in work, with ten credits held for each job. */
const planOf = async (jobs: readonly PlanJob[], before?: AccountId): Promise<Plan> => {
  const accountId = before ?? (await insertAccount(world.database.database, 1_000))
  const executionId = newId('execution')
  await generations.store({
    ...{ executionId, accountId, body: {}, maxCredits: null, baseExecutionId: null, webhook: null },
    jobs: jobs.map((job) => ({ job, upperCredits: 10 })),
  })
  const order = {
    ...{ executionId, accountId, pipeline: 'generate' as const, subjectId: executionId },
    ...{ round: 0, priority: 3, input: {} },
  }
  const admission = await world.run('admitExecution', {
    order,
    workflowId: workflowOf(executionId),
  })
  expect(admission).toMatchObject({ status: 'held', amountCredits: 10 * jobs.length })
  return { accountId, executionId }
}

const workflowOf = (executionId: ExecutionId) => `generate-${executionId}`

const submit = async (
  { executionId }: Plan,
  jobId: string,
  options: {
    readonly choice?: ModelChoice
    readonly orderName?: string
    readonly resumes?: boolean
    readonly change?: Partial<ActivityDependencies>
    readonly environment?: (made: MockActivityEnvironment) => void
  } = {},
) => {
  const { choice = AT_REPLICATE, orderName = jobStep(jobId), resumes = true, ...around } = options
  const order = { executionId, jobId, ...choice, orderName, orderedAtMs: 1_780_000_000_000 }
  const input = { ...order, resumes, workflowId: workflowOf(executionId) }
  return await world.run('submitModelJob', input, around)
}

const inspect = ({ executionId }: Plan, jobId: string) =>
  world.run('inspectModelJob', { executionId, jobId })
const collect = ({ executionId }: Plan, jobId: string) =>
  world.run('collectModelJob', { executionId, jobId })
const claim = async ({ executionId }: Plan, jobId: string) => {
  const [claimed] = await world.run('claimJobs', { executionId, jobs: [{ jobId, takes: true }] })
  return claimed
}

/** Submits, and has the job done and collected. */
const make = async (plan: Plan, jobId: string, choice?: ModelChoice) => {
  const { status } = await submit(plan, jobId, choice === undefined ? {} : { choice })
  if (status === 'accepted')
    expect(await inspect(plan, jobId)).toMatchObject({ status: 'completed' })
  return await collect(plan, jobId)
}

const jobOf = async ({ executionId }: Plan, jobId: string) =>
  (await generations.jobOf(executionId, jobId))!
const stepOf = async ({ accountId, executionId }: Plan, jobId: string) => {
  const execution = await world.repositories.executions.find(accountId, executionId)
  return execution?.steps.find(({ name }) => name === jobStep(jobId))
}
const script = (prompt: string, how: FakeScript, of: FakeProvider = replicate) =>
  of.scripts.set(prompt, how)
const ordersOf = (prompt: string, of: FakeProvider = replicate) =>
  of.orders.filter(({ input }) => JSON.stringify(input).includes(prompt))

describe('a job at a provider', () => {
  test('is ordered, waited for, fetched, measured and paid; the same is a hit from then on', async () => {
    const plan = await planOf([imageJob('image', 'a lighthouse')])
    expect(await claim(plan, 'image')).toEqual({
      status: 'mine',
      choices: [{ ...AT_REPLICATE, queue: 'models-replicate' }],
    })
    const { priceCredits, outputKey } = await make(plan, 'image')
    expect(priceCredits).toBeGreaterThan(0)
    expect(await collect(plan, 'image')).toEqual({ priceCredits, outputKey })
    const answers = `generations/${plan.accountId}/answers/`
    for await (const { key } of world.storage.store.list(answers)) expect(key).toBe('gone')
    const { result, costMicroUsd } = await jobOf(plan, 'image')
    expect(result).toMatchObject({
      media: 'image',
      contentType: 'image/png',
      durationSeconds: null,
    })
    expect(result?.widthPx).toBeGreaterThan(0)
    expect(costMicroUsd).toBeGreaterThan(0)
    expect(await stepOf(plan, 'image')).toMatchObject({ status: 'completed', priceCredits })
    expect(await world.storage.store.head(outputKey)).toMatchObject({
      sizeBytes: result?.sizeBytes,
    })

    const again = await planOf([imageJob('other', 'a lighthouse')], plan.accountId)
    expect(await claim(again, 'other')).toEqual({ status: 'hit', outputKey })
    expect(await stepOf(again, 'other')).toMatchObject({ status: 'completed', priceCredits: 0 })
    expect(ordersOf('a lighthouse')).toHaveLength(1)

    const stranger = await planOf([imageJob('other', 'a lighthouse')])
    expect(await claim(stranger, 'other')).toMatchObject({ status: 'mine' })
  })

  test('whose file is gone is made anew', async () => {
    const plan = await planOf([imageJob('image', 'a lost picture')])
    await claim(plan, 'image')
    await world.storage.store.delete((await make(plan, 'image')).outputKey)
    const again = await planOf([imageJob('image', 'a lost picture')], plan.accountId)
    expect(await claim(again, 'image')).toMatchObject({ status: 'mine' })
  })

  test('that was accepted is not ordered again by a repetition', async () => {
    const plan = await planOf([imageJob('image', 'a repeated order')])
    const accepted = { status: 'accepted', hasWebhook: true }
    expect(await submit(plan, 'image')).toEqual(accepted)
    expect(await submit(plan, 'image')).toEqual(accepted)
    expect(ordersOf('a repeated order')).toHaveLength(1)
  })

  test('whose acceptance was not heard is found again, where the provider can be asked', async () => {
    const { apiKey, baseUrl } = replicate
    const provider = createReplicate({ apiKey, baseUrl, webhookSecret: null, settleMs: 0 })
    const change = { modelProviders: new Map([['replicate', provider]]) }
    script('a cut order', { order: 'loses' })
    const plan = await planOf([imageJob('image', 'a cut order')])
    // It is tried again, and then looked for before anything is sent.
    const again = { type: 'PROVIDER_UNAVAILABLE', nonRetryable: false }
    await expect(submit(plan, 'image', { change })).rejects.toMatchObject(again)
    expect(await submit(plan, 'image', { change })).toMatchObject({ status: 'accepted' })
    expect(ordersOf('a cut order')).toHaveLength(1)
  })

  test('that nobody can look up is never ordered a second time', async () => {
    script('a lost order', { order: 'loses' }, fal)
    const plan = await planOf([imageJob('image', 'a lost order', AT_FAL)])
    const failure = { type: 'PROVIDER_OUTCOME_UNKNOWN', nonRetryable: true }
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(submit(plan, 'image', { choice: AT_FAL })).rejects.toMatchObject(failure)
    }
    expect(ordersOf('a lost order', fal)).toHaveLength(1)
    expect(await jobOf(plan, 'image')).toMatchObject({ orderState: 'submitting', handle: null })

    // The operator has found it.
    const { executionId } = plan
    const providerJobId = ordersOf('a lost order', fal)[0]!.id
    await world.run('adoptModelJob', { executionId, jobId: 'image', providerJobId })
    expect(await jobOf(plan, 'image')).toMatchObject({ orderState: 'accepted' })
  })

  test('that an outage of ours ended is taken up by a retry, by the same model and unless told not to', async () => {
    const plan = await planOf([imageJob('image', 'work left behind')])
    await submit(plan, 'image')
    const again = { orderName: 'job image again 1.1' }
    const left = { status: 'accepted', hasWebhook: false }
    expect(await submit(plan, 'image', again)).toEqual(left)
    await inspect(plan, 'image')
    expect(await submit(plan, 'image', again)).toEqual({ ...left, status: 'answered' })
    expect(ordersOf('work left behind')).toHaveLength(1)
    await submit(plan, 'image', { ...again, choice: AT_FAL })
    expect(ordersOf('work left behind', fal)).toHaveLength(1)

    const second = await planOf([imageJob('image', 'of the second', AT_REPLICATE, AT_FAL)])
    await submit(second, 'image', { choice: AT_FAL })
    expect(await claim(second, 'image')).toMatchObject({ choices: [AT_FAL, AT_REPLICATE] })

    const failed = await planOf([imageJob('image', 'work that failed')])
    await submit(failed, 'image')
    await submit(failed, 'image', { ...again, resumes: false })
    expect(ordersOf('work that failed')).toHaveLength(2)
  })

  test('whose answer cannot be removed has been delivered all the same', async () => {
    const plan = await planOf([imageJob('image', 'a stuck answer')])
    await submit(plan, 'image')
    await inspect(plan, 'image')
    const refusing = () => Promise.reject(new Error('no right to delete'))
    const change = { storage: { ...world.storage.store, delete: refusing } }
    const { executionId } = plan
    const delivery = await world.run('collectModelJob', { executionId, jobId: 'image' }, { change })
    expect(delivery).toMatchObject({ outputKey: (await jobOf(plan, 'image')).result?.storageKey })
  })

  test('that was surely not taken is ordered again, after the time that was asked for', async () => {
    script('a busy moment', { order: 429, times: 1, retryAfterSeconds: 7 })
    const plan = await planOf([imageJob('image', 'a busy moment')])
    await expect(submit(plan, 'image')).rejects.toMatchObject({
      type: 'PROVIDER_UNAVAILABLE',
      nextRetryDelay: 7_000,
    })
    expect(await submit(plan, 'image')).toMatchObject({ status: 'accepted' })
    expect(ordersOf('a busy moment')).toHaveLength(1)
  })

  test('is cancelled there', async () => {
    script('an endless job', { work: 'runs' })
    const plan = await planOf([imageJob('image', 'an endless job')])
    const ref = { executionId: plan.executionId, jobId: 'image' }
    await world.run('cancelModelJob', ref)
    await submit(plan, 'image')
    expect(await inspect(plan, 'image')).toMatchObject({ status: 'processing', answered: true })
    await world.run('cancelModelJob', ref)
    expect(ordersOf('an endless job')).toMatchObject([{ status: 'canceled' }])
    expect(await inspect(plan, 'image')).toMatchObject({ status: 'canceled' })
  })

  test.each([
    ['fails', 'PROVIDER_FAILED'],
    ['rejects', 'PROVIDER_REJECTED'],
    ['empty', 'PROVIDER_FAILED'],
  ] as const)('that %s is a failure of its own', async (work, failure) => {
    const prompt = `work that ${work}`
    script(prompt, { work })
    const plan = await planOf([imageJob('image', prompt)])
    await submit(plan, 'image')
    const failed = { status: 'failed', failure, answered: true }
    expect(await inspect(plan, 'image')).toEqual(failed)
  })

  test('that cannot be asked is not taken for failed', async () => {
    script('a silent job', { asked: 500 })
    const plan = await planOf([imageJob('image', 'a silent job')])
    await submit(plan, 'image')
    const guess = { status: 'processing', failure: null, answered: false }
    expect(await inspect(plan, 'image')).toEqual(guess)
  })

  test.each([
    ['an address of our own network', 'http://10.0.0.1/image.png'],
    ['nothing', 'https://invalid.invalid/image.png'],
    ['no URL at all', 'ftp://files'],
  ])('whose result lies at %s delivers nothing', async (what, output) => {
    script(`result: ${what}`, { output })
    const plan = await planOf([imageJob('image', `result: ${what}`)])
    await submit(plan, 'image')
    await inspect(plan, 'image')
    await expect(collect(plan, 'image')).rejects.toMatchObject({
      type: expect.stringMatching(/^PROVIDER_(OUTPUT_INVALID|UNAVAILABLE)$/) as string,
    })
    expect(await jobOf(plan, 'image')).toMatchObject({ result: null })
  })

  test('that delivers another kind of file than is due delivers nothing', async () => {
    script('a sound for a picture', { output: `${replicate.baseUrl}/files/audio-1.mp3` })
    const plan = await planOf([imageJob('image', 'a sound for a picture')])
    await submit(plan, 'image')
    await inspect(plan, 'image')
    const type = 'PROVIDER_OUTPUT_INVALID'
    await expect(collect(plan, 'image')).rejects.toMatchObject({ type, nonRetryable: false })
    const { executionId } = plan
    const info = { attempt: 4 }
    const last = world.run('collectModelJob', { executionId, jobId: 'image' }, { info })
    await expect(last).rejects.toMatchObject({ type, nonRetryable: true })
  })
})

describe('a job without a provider', () => {
  test('is refused before anything is ordered', async () => {
    const nobody = { model: 'bytedance/seedream-4', provider: 'elsewhere' }
    const plan = await planOf([imageJob('image', 'nobody', nobody)])
    expect(await claim(plan, 'image')).toEqual({ status: 'failed', failure: 'NOT_CONFIGURED' })
  })
})

describe('media work', () => {
  test('is done on what other jobs have made, stored, paid, and shared', async () => {
    const thumbnail: PlanJob = {
      id: 'small',
      operation: 'resize',
      params: {
        source: { from: 'job', jobId: 'image', media: 'image' },
        ...{ widthPx: 64, heightPx: 64, fit: 'cover' },
      },
      dependsOn: [],
    }
    const plan = await planOf([imageJob('image', 'a mountain'), thumbnail])
    await claim(plan, 'image')
    await make(plan, 'image')
    expect(await claim(plan, 'small')).toEqual({ status: 'mine', choices: [] })
    const ref = { executionId: plan.executionId, jobId: 'small' }
    const { outputKey, priceCredits } = await world.run('makeMedia', ref)
    expect(priceCredits).toBe(1)
    const { result } = await jobOf(plan, 'small')
    expect(result).toMatchObject({ media: 'image', widthPx: 64, heightPx: 64 })
    expect(await stepOf(plan, 'small')).toMatchObject({ status: 'completed', attempts: 1 })
    expect(await world.workspaces()).toEqual([])

    const again = await planOf([imageJob('image', 'a mountain'), thumbnail], plan.accountId)
    expect(await claim(again, 'image')).toMatchObject({ status: 'hit' })
    expect(await claim(again, 'small')).toEqual({ status: 'hit', outputKey })
  })

  test('on a file at a URL brings it in once, judged', async () => {
    const film = join(world.folder, 'film.mp4')
    await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=2', film)
    await world.store('elsewhere/film', film, 'video/mp4')
    const url = await world.storage.store.signGet('elsewhere/film', { expiresInSeconds: 60 })
    const trim: PlanJob = {
      id: 'cut',
      operation: 'trim',
      params: { source: { from: 'url', url }, startSeconds: 0.5, endSeconds: 1.5 },
      dependsOn: [],
    }
    const plan = await planOf([trim])
    const ref = { executionId: plan.executionId, jobId: 'cut' }
    const [planned] = (await world.run('openPlan', { ...ref, earlierCount: 0 })).jobs
    expect(planned).toMatchObject({ kind: 'media', hasSources: true, isOutput: true })
    await world.run('bringSources', ref)
    await world.run('bringSources', ref)
    expect(await claim(plan, 'cut')).toMatchObject({ status: 'mine' })
    await world.run('makeMedia', ref)
    const { result } = await jobOf(plan, 'cut')
    expect(result?.media).toBe('video')
    expect(result?.durationSeconds).toBeCloseTo(1, 1)
    expect(result?.frameRate).toBeGreaterThan(0)
  })

  test('on a file of our own network is refused', async () => {
    const source = { from: 'url', url: 'http://10.1.2.3/film.mp4' } as const
    const plan = await planOf([
      {
        id: 'cut',
        operation: 'trim',
        params: { source, startSeconds: 0, endSeconds: 1 },
        dependsOn: [],
      },
    ])
    const ref = { executionId: plan.executionId, jobId: 'cut' }
    const type = 'SOURCE_FORBIDDEN'
    await expect(world.run('bringSources', ref)).rejects.toMatchObject({ type })
  })
})

describe('a text', () => {
  test('is the prompt of the next job', async () => {
    const plan = await planOf([
      {
        id: 'idea',
        operation: 'generateText',
        choices: [WRITER],
        params: { prompt: 'one idea' },
        dependsOn: [],
      },
      {
        id: 'image',
        operation: 'generateImage',
        choices: [AT_REPLICATE],
        params: { prompt: { from: 'job', jobId: 'idea', media: 'text' } },
        dependsOn: [],
      },
    ])
    script('one idea', { output: 'a purple heron' }, openai)
    // An answer that is there at once is kept, even by an attempt that is not wanted any more.
    const stop = (environment: MockActivityEnvironment) => environment.cancel('WORKER_SHUTDOWN')
    await submit(plan, 'idea', { choice: WRITER, environment: stop })
    expect(await jobOf(plan, 'idea')).toMatchObject({ orderState: 'answered' })
    expect(await submit(plan, 'idea', { choice: WRITER })).toMatchObject({ status: 'answered' })
    expect(ordersOf('one idea', openai)).toHaveLength(1)
    await collect(plan, 'idea')
    expect((await jobOf(plan, 'idea')).result).toMatchObject({ media: 'text' })
    await submit(plan, 'image')
    expect(ordersOf('a purple heron')).toHaveLength(1)
  })
})

describe('an expansion', () => {
  const expandJob = (prompt: string): PlanJob => ({
    id: 'story',
    operation: 'expand',
    choices: [WRITER],
    params: {
      ...{ prompt, scenesMax: 5, aspectRatio: '16:9' },
      image: AT_REPLICATE,
      ...{ video: null, voice: null, captions: null, transcriber: null },
    },
    dependsOn: [],
  })
  const scene = (picture: string) => ({ picture, motion: '', narration: '', durationSeconds: 3 })

  test('adds the jobs of as many scenes as what is held for it pays', async () => {
    const scenes = ['dawn', 'noon', 'dusk', 'night'].map(scene)
    script('a day', { output: { scenes } }, openai)
    const plan = await planOf([expandJob('a day')])
    const ref = { executionId: plan.executionId, jobId: 'story' }
    await claim(plan, 'story')
    await submit(plan, 'story', { choice: WRITER })
    await collect(plan, 'story')
    const settings = { ...world.deps.settings, planJobCountMax: 2 }
    const full = world.run('expandJob', ref, { change: { settings } })
    await expect(full).rejects.toMatchObject({ type: 'INPUT_INVALID' })
    const expansion = await world.run('expandJob', ref)
    expect(await world.run('expandJob', ref)).toEqual(expansion)
    const rows = await generations.jobsOf(plan.executionId)
    expect(expansion).toEqual({ earlierCount: 1, resultJobId: rows.at(-1)?.jobId })
    const images = rows.filter(({ job }) => job.operation === 'generateImage')
    expect(images.length).toBeGreaterThan(0)
    expect(images.length).toBeLessThan(4)
    const execution = await world.repositories.executions.find(plan.accountId, plan.executionId)
    const price = execution?.steps.reduce((sum, { priceCredits }) => sum + priceCredits, 0)
    expect(price).toBeLessThanOrEqual(10)
    const { jobs } = await world.run('openPlan', { ...ref, earlierCount: 1 })
    expect(jobs.map(({ id }) => id)).toEqual(rows.slice(1).map(({ jobId }) => jobId))
    expect(jobs.every(({ isOutput }) => !isOutput)).toBe(true)
  })

  test('that is no scenes is told as such, while another model can still be asked', async () => {
    script('nonsense', { output: { chapters: [] } }, openai)
    const plan = await planOf([expandJob('nonsense')])
    await submit(plan, 'story', { choice: WRITER })
    const type = 'PROVIDER_OUTPUT_INVALID'
    await expect(collect(plan, 'story')).rejects.toMatchObject({ type })
  })
})
