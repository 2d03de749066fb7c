import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import {
  cancelExecution,
  limitRaised,
  outcomeDecided,
  pipelineProgress,
  taskEvent,
} from '../../src/workflows/messages.ts'
import { failWith, untilCancelled } from '../support/activity-fakes.ts'
import { eventually } from '../support/eventually.ts'
import {
  ALPHA,
  BETA,
  beforeMaking,
  claimEach,
  generationWorld,
  type FakeJob,
  type GenerationWorld,
} from '../support/generation-fakes.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

const newOrder = () => newPipelineOrder('generate')
const send = async (order: PipelineOrder) => (await orderPipeline(server, order)).handle
const withWorld = (world: GenerationWorld, run: () => Promise<void>) =>
  server.with(world.activities, run)

/** Two pictures, a film of each, a voice, all of it in one: in an order in which none could begin. */
const FILM: readonly FakeJob[] = [
  { id: 'film', kind: 'media', needs: ['clip-1', 'clip-2', 'voice'], isOutput: true },
  { id: 'clip-1', needs: ['image-1'] },
  { id: 'clip-2', needs: ['image-2'] },
  { id: 'image-1' },
  { id: 'image-2' },
  { id: 'voice' },
]

const submissions = (world: GenerationWorld) =>
  world.calls.filter((call) => call.startsWith('submitModelJob'))

test('every job is made once and after its inputs, and what was delivered is paid', async () => {
  const world = generationWorld({ jobs: FILM, pageCount: 2 })
  await withWorld(world, async () => {
    const order = newOrder()
    const { executionId } = order
    const handle = await send(order)
    expect(await handle.result()).toEqual({ executionId, status: 'completed' })
    expect(world.made.toSorted()).toEqual(FILM.map(({ id }) => id).toSorted())
    for (const { id, needs = [] } of FILM) {
      for (const need of needs) {
        expect(world.made.indexOf(need)).toBeLessThan(world.made.indexOf(id))
      }
    }
    expect(world.rounds).toEqual([{ held: 60, captured: 54 }])
    expect(world.outputs).toEqual({ film: 'film.mp4' })
  })
})

test('jobs that need nothing of each other run at the same time', async () => {
  let waiting = 0
  let meet: () => void = () => undefined
  const met = new Promise<void>((resolve) => {
    meet = resolve
  })
  const world = generationWorld({
    jobs: ['a', 'b', 'c'].map((id) => ({ id })),
    change: (_, base) => ({
      submitModelJob: async (input) => {
        waiting += 1
        if (waiting === 3) meet()
        await met
        return await base.submitModelJob(input)
      },
    }),
  })
  await withWorld(world, async () => {
    const handle = await send(newOrder())
    expect(await handle.result()).toMatchObject({ status: 'completed' })
  })
})

test('no more jobs are in work than the plan allows', async () => {
  let inWork = 0
  let most = 0
  const world = generationWorld({
    jobs: Array.from({ length: 9 }, (_, index) => ({ id: `job-${index}` })),
    terms: { parallelCount: 3 },
    change: (_, base) => ({
      submitModelJob: async (input) => {
        inWork += 1
        most = Math.max(most, inWork)
        return await base.submitModelJob(input)
      },
      collectModelJob: async (input) => {
        inWork -= 1
        return await base.collectModelJob(input)
      },
    }),
  })
  await withWorld(world, async () => {
    const handle = await send(newOrder())
    expect(await handle.result()).toMatchObject({ status: 'completed' })
    expect(most).toBe(3)
  })
})

test.each(FILM.map(({ id }) => id))(
  'when %s fails, the jobs that do not need it stand; a retry makes what is missing and no more',
  async (failing) => {
    let fails = true
    const change = beforeMaking((jobId) => {
      if (fails && jobId === failing) throw failWith('INPUT_INVALID')
    })
    const world = generationWorld({ jobs: FILM, change })
    await withWorld(world, async () => {
      const order = newOrder()
      const first = await send(order)
      expect(await first.result()).toMatchObject({ status: 'partial', failure: 'INPUT_INVALID' })
      const before = [...world.made]
      expect(before).not.toContain(failing)
      expect(before).not.toContain('film')
      expect(world.calls).toContain(`failJob ${failing}`)
      const consequences = world.results.filter(({ failure }) => failure === 'JOB_INPUT_FAILED')
      expect(consequences.map(({ step }) => step)).toEqual(
        FILM.map(({ id }) => id)
          .filter((id) => id !== failing && !before.includes(id))
          .map((id) => `job ${id}`),
      )

      fails = false
      world.made.length = 0
      const again = await send({ ...order, round: 1 })
      expect(await again.result()).toMatchObject({ status: 'completed' })
      const missing = FILM.map(({ id }) => id).filter((id) => !before.includes(id))
      expect(world.made.toSorted()).toEqual(missing.toSorted())
      expect(world.rounds[1]).toEqual({ held: 10 * missing.length, captured: 9 * missing.length })
    })
  },
)

describe('the choices of a job', () => {
  const jobs = [{ id: 'image', choices: [ALPHA, BETA], isOutput: true }]

  test('bad luck is ordered again, and then the next choice has its turn', async () => {
    const world = generationWorld({
      jobs,
      change: () => ({
        submitModelJob: async ({ provider }) => ({
          status: provider === 'alpha' ? 'accepted' : 'answered',
          hasWebhook: false,
        }),
        inspectModelJob: async () => ({
          status: 'failed',
          failure: 'PROVIDER_FAILED',
          answered: true,
        }),
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(submissions(world)).toEqual([
        'submitModelJob image alpha',
        'submitModelJob image alpha',
        'submitModelJob image beta',
      ])
    })
  })

  test('a provider that refuses is asked once; the last failure is that of the job', async () => {
    const names: string[] = []
    const world = generationWorld({
      jobs,
      change: () => ({
        submitModelJob: async ({ provider, orderName }) => {
          names.push(orderName)
          throw failWith(provider === 'alpha' ? 'PROVIDER_REJECTED' : 'PROVIDER_UNAVAILABLE')
        },
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      await expect(handle.result()).rejects.toMatchObject({
        cause: { type: 'PROVIDER_UNAVAILABLE' },
      })
      expect(submissions(world)).toHaveLength(2)
      expect(names).toEqual(['job image', 'job image again 0.2'])
    })
  })

  test('what no other model would do better is not tried with it', async () => {
    const world = generationWorld({
      jobs,
      change: () => ({ submitModelJob: () => Promise.reject(failWith('INPUT_INVALID')) }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'INPUT_INVALID' } })
      expect(submissions(world)).toEqual(['submitModelJob image alpha'])
    })
  })
})

describe('a limit on credits', () => {
  const jobs: FakeJob[] = [
    { id: 'first', upperCredits: 10, priceCredits: 6 },
    { id: 'second', needs: ['first'], upperCredits: 10, priceCredits: 6, isOutput: true },
  ]

  test('stops the run before the job that would exceed it; raised, it goes on where it stood', async () => {
    const world = generationWorld({ jobs, maxCredits: 15 })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      await eventually(async () => {
        const { waitingFor } = await handle.query(pipelineProgress)
        expect(waitingFor).toBe('a higher limit')
      })
      expect(world.made).toEqual(['first'])
      expect(world.calls).toContain('markWaiting second')

      await handle.signal(limitRaised, { maxCredits: 16 })
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(world.made).toEqual(['first', 'second'])
      expect(world.rounds).toEqual([{ held: 20, captured: 12 }])
    })
  })

  test('that nobody raises in time ends the job, and what was made is paid', async () => {
    const world = generationWorld({ jobs, maxCredits: 15, terms: { graceMs: 300 } })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      const outcome = { status: 'partial', failure: 'CREDIT_LIMIT_REACHED' }
      expect(await handle.result()).toMatchObject(outcome)
      expect(world.rounds).toEqual([{ held: 20, captured: 6 }])
    })
  })

  test('does not hold up what was made before', async () => {
    const world = generationWorld({
      jobs,
      maxCredits: 0,
      change: () => ({ claimJobs: claimEach(() => ({ status: 'hit', outputKey: 'old.mp4' })) }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
    })
  })

  test('holds for jobs that run at the same time', async () => {
    const world = generationWorld({
      jobs: ['a', 'b', 'c'].map((id) => ({ id, upperCredits: 10, priceCredits: 10 })),
      maxCredits: 20,
      terms: { graceMs: 300 },
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'partial' })
      expect(world.made).toHaveLength(2)
      expect(world.rounds).toEqual([{ held: 30, captured: 20 }])
    })
  })

  test('a signal that names no limit is dropped', async () => {
    const world = generationWorld({ jobs, maxCredits: 15 })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      await handle.signal('limitRaised', { maxCredits: 'much' })
      await handle.signal('limitRaised')
      await handle.signal(limitRaised, { maxCredits: null })
      expect(await handle.result()).toMatchObject({ status: 'completed' })
    })
  })
})

describe('an order that may have been taken', () => {
  const jobs = [{ id: 'image', choices: [ALPHA, BETA], isOutput: true }]
  /** The first order is sent, and nobody hears of it again. */
  const uncertain = (options: { readonly graceMs?: number } = {}) => {
    let sent = 0
    return generationWorld({
      jobs,
      terms: { graceMs: options.graceMs ?? 3600_000 },
      change: (_, base) => ({
        submitModelJob: async (input) => {
          sent += 1
          if (sent === 1) throw failWith('PROVIDER_OUTCOME_UNKNOWN')
          return await base.submitModelJob(input)
        },
      }),
    })
  }
  const asked = async (world: GenerationWorld) => {
    const handle = await send(newOrder())
    await eventually(async () => {
      const { waitingFor } = await handle.query(pipelineProgress)
      expect(waitingFor).toBe('a decision')
    })
    expect(submissions(world)).toHaveLength(1)
    expect(world.calls).toContain('sendAlert')
    return handle
  }

  test('is repeated when an operator says so', async () => {
    const world = uncertain()
    await withWorld(world, async () => {
      const handle = await asked(world)
      await handle.signal('outcomeDecided', { jobId: 'image', decision: 'guess' })
      await handle.signal('outcomeDecided', { jobId: 'image', decision: 'found' })
      expect(submissions(world)).toHaveLength(1)
      await handle.signal(outcomeDecided, { jobId: 'image', decision: 'repeat' })
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(submissions(world)).toEqual([
        'submitModelJob image alpha',
        'submitModelJob image alpha',
      ])
    })
  })

  test('is taken over when an operator has found it', async () => {
    const world = uncertain()
    await withWorld(world, async () => {
      const handle = await asked(world)
      const found = { jobId: 'image', decision: 'found', providerJobId: 'pred-1' } as const
      await handle.signal(outcomeDecided, found)
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(submissions(world)).toHaveLength(1)
      expect(world.calls).toContain('adoptModelJob image')
    })
  })

  test('is not taken for failed when a worker or a database broke on the way', async () => {
    const world = generationWorld({
      jobs,
      change: () => ({ submitModelJob: () => Promise.reject(failWith('DATABASE_UNAVAILABLE')) }),
    })
    await withWorld(world, async () => {
      const handle = await asked(world)
      await handle.signal(outcomeDecided, { jobId: 'image', decision: 'abandon' })
      const type = 'PROVIDER_OUTCOME_UNKNOWN'
      await expect(handle.result()).rejects.toMatchObject({ cause: { type } })
    })
  })

  test.each([
    ['is abandoned when an operator says so', 3600_000],
    ['is abandoned when nobody decides in time', 300],
  ])('%s, and nobody else is ordered from', async (_, graceMs) => {
    const world = uncertain({ graceMs })
    await withWorld(world, async () => {
      const handle = graceMs < 1_000 ? await send(newOrder()) : await asked(world)
      if (graceMs > 1_000) {
        await handle.signal(outcomeDecided, { jobId: 'image', decision: 'abandon' })
      }
      const type = 'PROVIDER_OUTCOME_UNKNOWN'
      await expect(handle.result()).rejects.toMatchObject({ cause: { type } })
      expect(submissions(world)).toHaveLength(1)
      expect(world.rounds).toEqual([{ held: 10, captured: 0 }])
    })
  })
})

describe('a job at a provider', () => {
  const accepted = { status: 'accepted', hasWebhook: true } as const

  test('ends with its webhook, however early that comes', async () => {
    const world = generationWorld({
      jobs: [{ id: 'clip' }],
      change: () => ({ submitModelJob: async () => accepted }),
    })
    await withWorld(world, async () => {
      const order = newOrder()
      const handle = await send(order)
      await handle.signal(taskEvent, { taskId: 'job clip', status: 'completed' })
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(world.calls.filter((call) => call.startsWith('inspect'))).toHaveLength(1)
    })
  })

  test('that lost its webhook is asked for', async () => {
    const world = generationWorld({
      jobs: [{ id: 'clip' }],
      terms: { pollIntervalMs: 200 },
      change: (self, base) => ({
        submitModelJob: async () => accepted,
        inspectModelJob: async (input) =>
          self.calls.filter((call) => call.startsWith('inspect')).length < 3
            ? { status: 'processing', failure: null, answered: true }
            : await base.inspectModelJob(input),
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
    })
  })

  test('outlasts a database that is away, and is neither cancelled nor ordered again', async () => {
    let asks = 0
    const world = generationWorld({
      jobs: [{ id: 'clip', choices: [ALPHA, BETA] }],
      terms: { pollIntervalMs: 100 },
      change: (_, base) => ({
        submitModelJob: async () => accepted,
        inspectModelJob: async (input) => {
          asks += 1
          if (asks <= 6) throw failWith('DATABASE_UNAVAILABLE', false)
          return await base.inspectModelJob(input)
        },
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(submissions(world)).toEqual(['submitModelJob clip alpha'])
      expect(world.calls).not.toContain('cancelModelJob clip')
    })
  }, 60_000)

  test('has its time from when the provider has it, however long it waited for its turn', async () => {
    const world = generationWorld({
      jobs: [{ id: 'clip' }],
      terms: { pollIntervalMs: 100, modelTimeoutMs: 2_000 },
      change: (self, base) => ({
        submitModelJob: async () => {
          await delay(2_000)
          return accepted
        },
        inspectModelJob: async (input) =>
          self.calls.filter((call) => call.startsWith('inspect')).length < 2
            ? { status: 'processing', failure: null, answered: true }
            : await base.inspectModelJob(input),
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(world.calls).not.toContain('cancelModelJob clip')
    })
  })

  test('is taken up by a retry where it was left, and not after it has failed', async () => {
    const resumed: boolean[] = []
    const world = generationWorld({
      jobs: [{ id: 'clip' }],
      change: (_, base) => ({
        submitModelJob: async ({ resumes }) => {
          resumed.push(resumes)
          return { status: 'answered', hasWebhook: false }
        },
        collectModelJob: async (input) => {
          if (resumed.length === 1) throw failWith('STORAGE_NOT_FOUND')
          if (resumed.length === 2) throw failWith('PROVIDER_FAILED')
          return await base.collectModelJob(input)
        },
      }),
    })
    await withWorld(world, async () => {
      const order = newOrder()
      const first = await send(order)
      await expect(first.result()).rejects.toMatchObject({ cause: { type: 'STORAGE_NOT_FOUND' } })
      const again = await send({ ...order, round: 1 })
      expect(await again.result()).toMatchObject({ status: 'completed' })
      expect(resumed).toEqual([true, true, false])
    })
  })

  test('that is not done in its time is cancelled there, and the next choice has its turn', async () => {
    const world = generationWorld({
      jobs: [{ id: 'clip', choices: [ALPHA, BETA] }],
      terms: { pollIntervalMs: 100, modelTimeoutMs: 300 },
      change: () => ({
        submitModelJob: async ({ provider }) =>
          provider === 'alpha' ? accepted : { status: 'answered', hasWebhook: false },
        inspectModelJob: async () => ({ status: 'processing', failure: null, answered: true }),
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(world.calls).toContain('cancelModelJob clip')
      expect(submissions(world)).toEqual(['submitModelJob clip alpha', 'submitModelJob clip beta'])
    })
  })
})

test('a cancel stops the jobs at their providers and here; what was delivered is paid', async () => {
  const world = generationWorld({
    jobs: [
      { id: 'image' },
      { id: 'clip', needs: ['image'] },
      { id: 'cut', kind: 'media', needs: ['image'] },
      { id: 'film', kind: 'media', needs: ['clip', 'cut'], isOutput: true },
    ],
    change: (_, base) => ({
      submitModelJob: async (input) =>
        input.jobId === 'clip'
          ? { status: 'accepted', hasWebhook: true }
          : await base.submitModelJob(input),
      makeMedia: () => untilCancelled(),
    }),
  })
  await withWorld(world, async () => {
    const order = newOrder()
    const handle = await send(order)
    await eventually(async () => {
      expect(world.calls).toContain('submitModelJob clip alpha')
      expect(world.calls).toContain('makeMedia cut')
    })
    await handle.signal(cancelExecution, { executionId: order.executionId })
    expect(await handle.result()).toMatchObject({ status: 'canceled' })
    expect(world.calls).toContain('cancelModelJob clip')
    expect(world.calls).toContain('makeMedia cancelled')
    expect(world.rounds).toEqual([{ held: 40, captured: 9 }])
    expect(world.results.map(({ outcome }) => outcome).toSorted()).toEqual([
      'canceled',
      'canceled',
      'canceled',
      'completed',
    ])
  })
})

describe('an expansion', () => {
  const SCENES: readonly FakeJob[] = [
    { id: 'story-1-image' },
    { id: 'story-2-image' },
    { id: 'story-merge', kind: 'media', needs: ['story-1-image', 'story-2-image'] },
  ]
  const plan = {
    jobs: [
      { id: 'story', kind: 'expand' },
      { id: 'captions', kind: 'media', needs: ['story'], isOutput: true },
    ],
  } as const

  test('adds its jobs to the run; the result of the last is its own', async () => {
    const world = generationWorld({
      ...plan,
      change: (self) => ({
        expandJob: async () => {
          const earlierCount = (self as GenerationWorld).jobs.length
          ;(self as GenerationWorld).jobs.push(...SCENES)
          return { earlierCount, resultJobId: 'story-merge' }
        },
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(world.made.toSorted()).toEqual(
        ['story', 'captions', ...SCENES.map(({ id }) => id)].toSorted(),
      )
      expect(world.made.at(-1)).toBe('captions')
      expect(world.calls).toContain('adoptResult story')
    })
  })

  test('whose scene fails fails with it, and the other scenes stand', async () => {
    const world = generationWorld({
      ...plan,
      change: (self, base) => ({
        expandJob: async () => {
          const earlierCount = (self as GenerationWorld).jobs.length
          ;(self as GenerationWorld).jobs.push(...SCENES)
          return { earlierCount, resultJobId: 'story-merge' }
        },
        collectModelJob: async (input) => {
          if (input.jobId === 'story-2-image') throw failWith('INPUT_INVALID')
          return await base.collectModelJob(input)
        },
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'partial', failure: 'INPUT_INVALID' })
      expect(world.made.toSorted()).toEqual(['story', 'story-1-image'])
      const failed = world.results.filter(({ outcome }) => outcome === 'failed')
      expect(failed.map(({ step }) => step)).toEqual([
        'job story-2-image',
        'job story',
        'job captions',
        'job story-merge',
      ])
    })
  })
})
