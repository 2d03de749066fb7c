/** What an account pays for a video of scenes that does not come to be: for its text, nothing. */

import { afterAll, expect, test } from 'vitest'
import type { BranchResult } from '../../src/contracts/orders.ts'
import type { FailureCode } from '../../src/domain/failures.ts'
import type { ExpandJob } from '../../src/domain/generation/scenes.ts'
import type { ModelChoice } from '../../src/domain/generation/plan.ts'
import { jobStep } from '../../src/domain/steps.ts'
import { startFakeOpenai } from '../support/fake-openai.ts'
import { startFakeReplicate } from '../support/fake-replicate.ts'
import { insertAccount, newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'

const replicate = await startFakeReplicate()
const openai = await startFakeOpenai()
const world = await startActivityWorld({
  REPLICATE_API_TOKEN: replicate.apiKey,
  REPLICATE_BASE_URL: replicate.baseUrl,
  OPENAI_API_KEY: openai.apiKey,
  OPENAI_BASE_URL: openai.baseUrl,
})
afterAll(() => Promise.all([replicate.close(), openai.close()]))

const { executions, generations } = world.repositories
const PAINTER = { model: 'google/nano-banana', provider: 'replicate' }
const WRITER = { model: 'openai/gpt-4.1-mini', provider: 'openai' }
const CREDITS = 1_000
const HELD = 100

const storyOf = (prompt: string): ExpandJob => ({
  id: 'story',
  operation: 'expand',
  choices: [WRITER],
  params: {
    ...{ prompt, scenesMax: 5, aspectRatio: '16:9', image: PAINTER },
    ...{ video: null, voice: null, captions: null, transcriber: null },
  },
  dependsOn: [],
})

/** An admitted plan of one story, whose text has been written. */
const writtenStory = async (prompt: string, pictures: readonly string[]) => {
  const scenes = pictures.map((picture) => ({
    ...{ picture, motion: '', narration: '', durationSeconds: 3 },
  }))
  openai.scripts.set(prompt, { output: { scenes } })
  const accountId = await insertAccount(world.database.database, CREDITS)
  const executionId = newId('execution')
  const workflowId = `generate-${executionId}`
  await generations.store({
    ...{ executionId, accountId, body: {}, maxCredits: null, baseExecutionId: null, webhook: null },
    jobs: [{ job: storyOf(prompt), upperCredits: HELD }],
  })
  const order = {
    ...{ executionId, accountId, pipeline: 'generate' as const, subjectId: executionId },
    ...{ round: 0, priority: 3, input: {} },
  }
  await world.run('admitExecution', { order, workflowId })
  const submit = async (jobId: string, choice: ModelChoice) => {
    const names = { orderName: jobStep(jobId), orderedAtMs: 1_780_000_000_000, workflowId }
    return await world.run('submitModelJob', {
      executionId,
      jobId,
      ...choice,
      ...names,
      resumes: true,
    })
  }
  expect(await submit('story', WRITER)).toMatchObject({ status: 'answered' })
  return { accountId, executionId, submit }
}
type Story = Awaited<ReturnType<typeof writtenStory>>

const failed = (jobId: string, failure: FailureCode): BranchResult => ({
  ...{ step: jobStep(jobId), outcome: 'failed', failure, outputs: {} },
})

/** Ends the run with these jobs failed; answers what was paid of what. */
const ended = async ({ accountId, executionId }: Story, branches: readonly BranchResult[]) => {
  const outcome = branches.some((branch) => branch.outcome === 'completed') ? 'partial' : 'error'
  const { capturedCredits } = await world.run('completeExecution', {
    ...{ executionId, outcome, branches, step: 'deliver' },
  })
  const execution = await executions.find(accountId, executionId)
  return { capturedCredits, credits: execution?.credits }
}

test('a text that was written costs nothing when none of its scenes can be drawn', async () => {
  const story = await writtenStory('a story without pictures', ['a refused picture'])
  const { executionId, submit } = story
  const ref = { executionId, jobId: 'story' }
  const { priceCredits } = await world.run('collectModelJob', ref)
  expect(priceCredits).toBeGreaterThan(0)
  const { resultJobId } = await world.run('expandJob', ref)

  replicate.scripts.set('a refused picture', { work: 'rejects' })
  const image = (await generations.jobsOf(executionId)).find(
    ({ job }) => job.operation === 'generateImage',
  )!
  await submit(image.jobId, PAINTER)
  const seen = await world.run('inspectModelJob', { executionId, jobId: image.jobId })
  expect(seen).toMatchObject({ status: 'failed', failure: 'PROVIDER_REJECTED' })
  await world.run('failJob', { executionId, jobId: 'story', failure: 'JOB_INPUT_FAILED' })

  const paid = await ended(story, [
    failed(image.jobId, 'PROVIDER_REJECTED'),
    failed('story', 'JOB_INPUT_FAILED'),
    failed(resultJobId!, 'JOB_INPUT_FAILED'),
  ])
  expect(paid).toEqual({
    capturedCredits: 0,
    credits: { heldCredits: HELD, capturedCredits: 0, refundedCredits: HELD },
  })
  // The provider was asked for the text once: the server has paid what the account has not.
  expect(
    openai.orders.filter(({ input }) => JSON.stringify(input).includes('a story without')),
  ).toHaveLength(1)
})

test('of a story whose second picture fails the first one alone is paid', async () => {
  const story = await writtenStory('a story of two pictures', ['a first picture', 'a second one'])
  const { executionId, submit } = story
  await world.run('collectModelJob', { executionId, jobId: 'story' })
  await world.run('expandJob', { executionId, jobId: 'story' })
  const [first, second] = (await generations.jobsOf(executionId)).filter(
    ({ job }) => job.operation === 'generateImage',
  )
  await submit(first!.jobId, PAINTER)
  await world.run('inspectModelJob', { executionId, jobId: first!.jobId })
  const made = await world.run('collectModelJob', { executionId, jobId: first!.jobId })
  const { capturedCredits } = await ended(story, [
    { step: jobStep(first!.jobId), outcome: 'completed', failure: null, outputs: {} },
    failed(second!.jobId, 'PROVIDER_FAILED'),
    failed('story', 'JOB_INPUT_FAILED'),
  ])
  expect(capturedCredits).toBe(made.priceCredits)
})

test('a text that is no scenes costs nothing', async () => {
  const story = await writtenStory('a story of nothing', [])
  const collected = world.run('collectModelJob', {
    executionId: story.executionId,
    jobId: 'story',
  })
  await expect(collected).rejects.toMatchObject({ type: 'PROVIDER_OUTPUT_INVALID' })
  const { capturedCredits } = await ended(story, [failed('story', 'PROVIDER_OUTPUT_INVALID')])
  expect(capturedCredits).toBe(0)
})
