/** What becomes of an expansion whose text was written, and that did not come to its end. */

import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import type { JobResult, ModelChoice } from '../../src/domain/generation/plan.ts'
import type { ExpandJob } from '../../src/domain/generation/scenes.ts'
import type { AccountId, ExecutionId } from '../../src/domain/ids.ts'
import { jobStep } from '../../src/domain/steps.ts'
import { insertAccount, newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'

// Nobody asks the writer for anything: what it would write is delivered here.
const world = await startActivityWorld({ OPENAI_API_KEY: 'unused' })
const { executions, generations, ledger } = world.repositories

const CARD = { model: 'local/card', provider: 'local' }
const WRITER = { model: 'openai/gpt-4.1-mini', provider: 'openai' }
const HELD = 40
const TEXT_CREDITS = 7
const PICTURES = ['dawn', 'noon', 'dusk']

const STORY: ExpandJob = {
  id: 'story',
  operation: 'expand',
  choices: [WRITER],
  params: {
    ...{ prompt: 'a day', scenesMax: 5, aspectRatio: '16:9', image: CARD },
    ...{ video: null, voice: null, captions: null, transcriber: null },
  },
  dependsOn: [],
}

const SCENES = JSON.stringify({
  scenes: PICTURES.map((picture) => ({
    ...{ picture, motion: '', narration: '', durationSeconds: 3 },
  })),
})

interface Plan {
  readonly accountId: AccountId
  readonly executionId: ExecutionId
}

const admit = ({ accountId, executionId }: Plan, round = 0) =>
  world.run('admitExecution', {
    order: {
      ...{ executionId, accountId, pipeline: 'generate', subjectId: executionId },
      ...{ round, priority: 3, input: {} },
    },
    workflowId: `generate-${executionId}`,
  })

/** A plan of one story in work. */
const storyOf = async (accountId: AccountId): Promise<Plan> => {
  const executionId = newId('execution')
  await generations.store({
    ...{ executionId, accountId, body: {}, maxCredits: null, baseExecutionId: null, webhook: null },
    jobs: [{ job: STORY, upperCredits: HELD }],
  })
  const plan = { accountId, executionId }
  expect(await admit(plan)).toMatchObject({ status: 'held', amountCredits: HELD })
  return plan
}

const claim = async ({ executionId }: Plan, jobId: string) => {
  const [claimed] = await world.run('claimJobs', { executionId, jobs: [{ jobId, takes: true }] })
  return claimed?.status
}

/** Claims a job, and delivers this as what its model has made. */
const make = async (
  plan: Plan,
  jobId: string,
  made: ModelChoice & { readonly content: string; readonly priceCredits: number },
) => {
  const { content, priceCredits, ...choice } = made
  expect(await claim(plan, jobId)).toBe('mine')
  const media = choice.model === CARD.model ? 'image' : 'text'
  const contentType = media === 'image' ? 'image/png' : 'text/plain'
  const storageKey = `made/${plan.executionId}/${jobId}`
  await world.storage.store.put(storageKey, Readable.from([content]), { contentType })
  const result: JobResult = {
    ...{ media, storageKey, contentType, sizeBytes: content.length, sha256: content },
    ...{ durationSeconds: null, widthPx: null, heightPx: null, frameRate: null },
  }
  const { executionId } = plan
  const endsStep = media !== 'text'
  const costs = { priceCredits, costMicroUsd: 0 }
  await generations.deliver({ executionId, jobId, result, ...choice, ...costs, endsStep })
}

const write = (plan: Plan) =>
  make(plan, 'story', { ...WRITER, content: SCENES, priceCredits: TEXT_CREDITS })
const draw = (plan: Plan, jobId: string) =>
  make(plan, jobId, { ...CARD, content: jobId, priceCredits: 1 })

const expand = ({ executionId }: Plan) => world.run('expandJob', { executionId, jobId: 'story' })

const imagesOf = async ({ executionId }: Plan): Promise<readonly string[]> =>
  (await generations.jobsOf(executionId))
    .filter(({ job }) => job.operation === 'generateImage')
    .map(({ jobId }) => jobId)

const priceOf = async ({ accountId, executionId }: Plan): Promise<number> => {
  const execution = await executions.find(accountId, executionId)
  return execution!.steps.reduce((sum, { priceCredits }) => sum + priceCredits, 0)
}

/** Ends a round with these jobs done, and the story failed unless it is one of them. */
const end = async ({ executionId }: Plan, done: readonly string[]) => {
  const isWhole = done.includes('story')
  const branches = [...new Set([...done, 'story'])].map((jobId) => ({
    step: jobStep(jobId),
    outcome: done.includes(jobId) ? ('completed' as const) : ('failed' as const),
    failure: done.includes(jobId) ? null : ('STORAGE_UNAVAILABLE' as const),
    outputs: {},
  }))
  const outcome = isWhole ? 'completed' : done.length > 0 ? 'partial' : 'error'
  const ending = { executionId, outcome, branches, step: 'deliver' } as const
  return (await world.run('completeExecution', ending)).capturedCredits
}

test('a retry holds what the scenes may cost, and no scene is made that nobody holds', async () => {
  const accountId = await insertAccount(world.database.database, HELD + 10)
  const plan = await storyOf(accountId)
  await write(plan)
  expect(await end(plan, [])).toBe(0)

  const other = await storyOf(accountId)
  const declined = { status: 'declined', neededCredits: HELD, availableCredits: 10 }
  expect(await admit(plan, 1)).toEqual(declined)
  await executions.abandon({ ...other, ending: 'canceled', failure: null, step: null })
  const held = { status: 'held', amountCredits: HELD }
  expect(await admit(plan, 2)).toMatchObject(held)
  expect(await admit(plan, 2)).toMatchObject(held)
  expect((await ledger.balance(accountId)).held).toBe(HELD)

  expect(await claim(plan, 'story')).toBe('hit')
  const { resultJobId } = await expand(plan)
  const images = await imagesOf(plan)
  expect(images).toHaveLength(PICTURES.length)
  const price = await priceOf(plan)
  expect(price).toBeGreaterThan(TEXT_CREDITS)
  expect(price).toBeLessThanOrEqual(HELD)
  for (const image of images) await draw(plan, image)
  const capturedCredits = await end(plan, ['story', ...images, resultJobId!])
  expect(capturedCredits).toBe(await priceOf(plan))
  expect((await ledger.balance(accountId)).held).toBe(0)
  expect(await ledger.audit()).toEqual([])
})

test('a text that is written after its order has ended is free, and a retry makes its scenes', async () => {
  const accountId = await insertAccount(world.database.database, 100)
  const plan = await storyOf(accountId)
  expect(await end(plan, [])).toBe(0)
  await write(plan)
  expect(await admit(plan, 1)).toMatchObject({ status: 'held', amountCredits: HELD })
  expect(await claim(plan, 'story')).toBe('hit')
  await expand(plan)
  expect(await imagesOf(plan)).toHaveLength(PICTURES.length)
  const execution = await executions.find(accountId, plan.executionId)
  const story = execution?.steps.find(({ name }) => name === jobStep('story'))
  expect(story?.priceCredits).toBe(0)
  expect(await priceOf(plan)).toBeLessThanOrEqual(HELD)
})

test('a retry after its jobs were added holds what is left of them', async () => {
  const accountId = await insertAccount(world.database.database, 100)
  const plan = await storyOf(accountId)
  await write(plan)
  await expand(plan)
  const [first] = await imagesOf(plan)
  await draw(plan, first!)
  const price = await priceOf(plan)
  const capturedCredits = await end(plan, [first!])
  expect(capturedCredits).toBe(1)
  const retried = await admit(plan, 1)
  expect(retried).toMatchObject({ status: 'held', amountCredits: price - capturedCredits })
})

test('another plan of the same story takes its text and the scenes that were made', async () => {
  const accountId = await insertAccount(world.database.database, 100)
  const plan = await storyOf(accountId)
  await write(plan)
  await expand(plan)
  const [first, second] = await imagesOf(plan)
  await draw(plan, first!)
  await end(plan, [first!])

  const fork = await storyOf(accountId)
  expect(await claim(fork, 'story')).toBe('hit')
  await expand(fork)
  expect(await imagesOf(fork)).toHaveLength(PICTURES.length)
  expect(await claim(fork, first!)).toBe('hit')
  expect(await claim(fork, second!)).toBe('mine')
  expect((await executions.find(accountId, fork.executionId))?.steps).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: jobStep('story'), priceCredits: 0 }),
      expect.objectContaining({ name: jobStep(first!), status: 'completed', priceCredits: 0 }),
    ]),
  )
})
