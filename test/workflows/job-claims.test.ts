import { describe, expect, test } from 'vitest'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import {
  ALPHA,
  claimEach,
  generationWorld,
  type FakeJob,
  type GenerationWorld,
} from '../support/generation-fakes.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

/** A picture, eight films of it, and one of two of them. */
const FILM: readonly FakeJob[] = [
  { id: 'image' },
  ...Array.from({ length: 8 }, (_, n) => ({ id: `video-${n}`, needs: ['image'] })),
  { id: 'film', needs: ['video-0', 'video-7'], isOutput: true },
]

const newOrder = () => newPipelineOrder('generate')
const send = async (order: PipelineOrder) => (await orderPipeline(server, order)).handle
const withWorld = (world: GenerationWorld, run: () => Promise<void>) =>
  server.with(world.activities, run)

describe('what was made before', () => {
  test('is taken without a call, and costs nothing', async () => {
    const world = generationWorld({
      jobs: FILM,
      change: () => ({
        claimJobs: claimEach(({ jobId }) => ({ status: 'hit', outputKey: `old-${jobId}.mp4` })),
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(world.made).toEqual([])
      expect(world.outputs).toEqual({ film: 'old-film.mp4' })
    })
  })

  test('is waited for while another plan makes it', async () => {
    let looks = 0
    const world = generationWorld({
      jobs: [{ id: 'image', isOutput: true }],
      change: () => ({
        claimJobs: claimEach(() => {
          looks += 1
          return looks < 3
            ? { status: 'taken', byJobId: null }
            : { status: 'hit', outputKey: 'theirs.png' }
        }),
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(world.outputs).toEqual({ image: 'theirs.png' })
      expect(world.made).toEqual([])
    })
  })

  test('two equal jobs of a plan share one call', async () => {
    const world = generationWorld({
      jobs: [
        { id: 'one', isOutput: true },
        { id: 'two', isOutput: true },
      ],
      change: (self) => ({
        claimJobs: claimEach(({ jobId }) => {
          if (jobId === 'one') return { status: 'mine', choices: [ALPHA] }
          return self.calls.includes('collectModelJob one')
            ? { status: 'hit', outputKey: 'one.mp4' }
            : { status: 'taken', byJobId: 'one' }
        }),
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(world.made).toEqual(['one'])
      expect(world.outputs).toEqual({ one: 'one.mp4', two: 'one.mp4' })
    })
  })
})

describe('jobs that become ready together', () => {
  test('are claimed in one call', async () => {
    const asked: number[] = []
    const world = generationWorld({
      jobs: FILM,
      change: (_, base) => ({
        claimJobs: async (input) => {
          asked.push(input.jobs.length)
          return await base.claimJobs(input)
        },
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(world.made).toHaveLength(10)
      expect(asked).toEqual([1, 8, 1])
    })
  })

  test('fail by themselves when one of them cannot be made here', async () => {
    const world = generationWorld({
      jobs: FILM,
      change: () => ({
        claimJobs: claimEach(({ jobId }) =>
          jobId === 'video-3'
            ? { status: 'failed', failure: 'NOT_CONFIGURED' }
            : { status: 'mine', choices: [ALPHA] },
        ),
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      const outcome = { status: 'partial', failure: 'NOT_CONFIGURED' }
      expect(await handle.result()).toMatchObject(outcome)
      expect(world.made).toHaveLength(9)
      expect(world.made).not.toContain('video-3')
    })
  })
})
