import { expect, test } from 'vitest'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import { cancelExecution } from '../../src/workflows/messages.ts'
import { failWith, untilCancelled } from '../support/activity-fakes.ts'
import { CLIP_WISH, clipWorld, type ClipWorld } from '../support/clip-fakes.ts'
import { eventually } from '../support/eventually.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

const newOrder = () => newPipelineOrder('clip', { wish: CLIP_WISH })
const send = async (order: PipelineOrder) => (await orderPipeline(server, order)).handle

const withWorld = (world: ClipWorld, run: () => Promise<void>) => server.with(world.activities, run)

const workOnClips = ({ calls }: ClipWorld) =>
  calls.filter((call) => /^(watchFaces|cutClip|publishClip)/.test(call)).toSorted()

test('every moment becomes a clip, and what was simplified is said of each', async () => {
  const world = clipWorld()
  await withWorld(world, async () => {
    const order = newOrder()
    const handle = await send(order)
    const { executionId } = order
    expect(await handle.result()).toEqual({ executionId, status: 'completed' })
    expect(world.rounds).toEqual([{ held: 48, captured: 48 }])
    expect(world.outputs).toEqual({
      transcript: 'transcript.json',
      'clip-1': 'clip-1.mp4 heuristicScore',
      'clip-2': 'clip-2.mp4 heuristicScore,centerCrop',
      'clip-3': 'clip-3.mp4 heuristicScore',
    })
  })
})

test.each(['watchFaces', 'cutClip', 'publishClip'] as const)(
  'a clip whose %s fails leaves the others; its retry makes it and nothing else',
  async (activity) => {
    let fails = true
    const world = clipWorld({
      change: (_, base) => ({
        [activity]: async (input: never) => {
          const { number } = input as { number: number }
          if (fails && number === 2) throw failWith('MEDIA_UNREADABLE')
          return await base[activity](input)
        },
      }),
    })
    await withWorld(world, async () => {
      const order = newOrder()
      const first = await send(order)
      expect(await first.result()).toMatchObject({ status: 'partial', failure: 'MEDIA_UNREADABLE' })
      expect(Object.keys(world.outputs)).toEqual(['transcript', 'clip-1', 'clip-3'])
      expect(world.rounds).toEqual([{ held: 48, captured: 36 }])

      fails = false
      world.calls.length = 0
      const again = await send({ ...order, round: 1 })
      expect(await again.result()).toMatchObject({ status: 'completed' })
      expect(workOnClips(world)).toEqual(['cutClip 2', 'publishClip 2', 'watchFaces 2'])
      expect(world.calls).not.toContain('bringFootage')
      expect(world.calls).not.toContain('transcribeRecording')
      expect(world.rounds[1]).toEqual({ held: 12, captured: 12 })
    })
  },
)

test('a clip that could not be stored is told to the operators, and the others stand', async () => {
  const alerts: unknown[] = []
  const world = clipWorld({
    change: (_, base) => ({
      cutClip: async (input) => {
        if (input.number === 1) throw failWith('MEDIA_UNREADABLE')
        if (input.number === 2) throw failWith('UPLOAD_FAILED')
        return await base.cutClip(input)
      },
      sendAlert: async ({ step, failure }) => void alerts.push([step, failure]),
    }),
  })
  await withWorld(world, async () => {
    const handle = await send(newOrder())
    expect(await handle.result()).toMatchObject({ status: 'partial' })
    expect(alerts).toEqual([['clip 2', 'UPLOAD_FAILED']])
    expect(Object.keys(world.outputs)).toEqual(['transcript', 'clip-3'])
  })
})

test('the execution fails only when no clip at all could be made', async () => {
  const world = clipWorld({
    change: () => ({ cutClip: () => Promise.reject(failWith('MEDIA_UNREADABLE')) }),
    footage: { hasSound: false },
  })
  await withWorld(world, async () => {
    const handle = await send(newOrder())
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'MEDIA_UNREADABLE' } })
    expect(world.rounds[0]).toMatchObject({ captured: 0 })
  })
})

test('a silent video has no transcript, and its clips are made all the same', async () => {
  const world = clipWorld({ footage: { hasSound: false } })
  await withWorld(world, async () => {
    const handle = await send(newOrder())
    expect(await handle.result()).toMatchObject({ status: 'completed' })
    expect(world.calls).not.toContain('extractAudio')
    expect(world.rounds).toEqual([{ held: 48, captured: 36 }])
  })
})

test('clips that the video has no moments for are skipped, and not paid', async () => {
  const world = clipWorld({
    change: (_, base) => ({
      scoreMoments: async (input) => {
        const { moments, degradations } = await base.scoreMoments(input)
        return { moments: moments.slice(0, 2), degradations }
      },
    }),
  })
  await withWorld(world, async () => {
    const handle = await send(newOrder())
    expect(await handle.result()).toMatchObject({ status: 'completed' })
    expect(world.results.find(({ step }) => step === 'clip 3')).toMatchObject({
      outcome: 'skipped',
    })
    expect(world.rounds).toEqual([{ held: 48, captured: 36 }])
  })
})

test('a cancel stops the clips in work, and what is finished is kept and paid', async () => {
  const world = clipWorld({
    change: (_, base) => ({
      cutClip: async (input) => (input.number === 1 ? await base.cutClip(input) : untilCancelled()),
    }),
  })
  await withWorld(world, async () => {
    const order = newOrder()
    const handle = await send(order)
    await eventually(() => {
      expect(world.calls).toContain('publishClip 1')
      expect(world.calls).toContain('cutClip 2')
      expect(world.calls).toContain('cutClip 3')
    })
    await handle.signal(cancelExecution, { executionId: order.executionId })
    expect(await handle.result()).toMatchObject({ status: 'canceled' })
    expect(world.calls.filter((call) => call === 'cutClip cancelled')).toHaveLength(2)
    expect(world.rounds[0]).toEqual({ held: 48, captured: 24 })
  })
})
