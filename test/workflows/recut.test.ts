import { expect, test } from 'vitest'
import type { RecutWish } from '../../src/domain/clips/recut-wish.ts'
import { cancelExecution } from '../../src/workflows/messages.ts'
import { failWith, untilCancelled } from '../support/activity-fakes.ts'
import {
  MOMENT_SEARCH,
  momentAt,
  recutWishOf,
  recutWorld,
  type ClipWorld,
} from '../support/clip-fakes.ts'
import { eventually } from '../support/eventually.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

const EDIT: RecutWish['moment'] = { moment: momentAt(30), degradations: ['heuristicScore'] }

const newOrder = (moment: RecutWish['moment']) =>
  newPipelineOrder('recut', { recut: recutWishOf(moment) })
const send = async (order: ReturnType<typeof newOrder>) =>
  (await orderPipeline(server, order)).handle

const withWorld = (world: ClipWorld, run: () => Promise<void>) => server.with(world.activities, run)

/** What is called for the work itself. */
const workOf = ({ calls }: ClipWorld) =>
  calls.filter((call) => /^(\w+Footage|extract|transcribe|score|watch|cut|publish)/.test(call))

test('an edit cuts the one clip again and neither fetches, transcribes nor scores', async () => {
  const world = recutWorld()
  await withWorld(world, async () => {
    const order = newOrder(EDIT)
    const { executionId } = order
    const handle = await send(order)
    expect(await handle.result()).toEqual({ executionId, status: 'completed' })
    expect(workOf(world)).toEqual(['findFootage', 'watchFaces 2', 'cutClip 2', 'publishClip 2'])
    expect(world.rounds).toEqual([{ held: 12, captured: 12 }])
    // What was simplified in the choice stays true; the rest is as it was this time.
    expect(world.outputs).toEqual({ 'clip-2': 'clip-2.mp4 heuristicScore,centerCrop' })
  })
})

test('the clip that is cut has the times, captions and format that were wanted', async () => {
  const cut: unknown[] = []
  const world = recutWorld({
    change: (_, base) => ({
      cutClip: async (input) => {
        cut.push(input)
        return await base.cutClip(input)
      },
    }),
  })
  await withWorld(world, async () => {
    await (await send(newOrder(EDIT))).result()
    const { captions, format } = recutWishOf(EDIT)
    expect(cut).toEqual([expect.objectContaining({ moment: momentAt(30), captions, format })])
  })
})

test('a regeneration chooses one moment beside what is taken, and cuts that', async () => {
  const asked: unknown[] = []
  const world = recutWorld({
    change: (_, base) => ({
      scoreMoments: async (input) => {
        asked.push([input.taken, input.wish])
        return await base.scoreMoments(input)
      },
    }),
  })
  await withWorld(world, async () => {
    const handle = await send(newOrder(MOMENT_SEARCH))
    expect(await handle.result()).toMatchObject({ status: 'completed' })
    const { limits, prompt, taken } = MOMENT_SEARCH
    expect(asked).toEqual([[taken, { limits, prompt }]])
    expect(workOf(world)).toEqual([
      ...['findFootage', 'scoreMoments', 'watchFaces 2', 'cutClip 2', 'publishClip 2'],
    ])
    expect(world.rounds).toEqual([{ held: 12, captured: 12 }])
  })
})

test('where no moment is left nothing is cut, and nothing is paid', async () => {
  const world = recutWorld({
    change: () => ({ scoreMoments: async () => ({ moments: [], degradations: [] }) }),
  })
  await withWorld(world, async () => {
    const handle = await send(newOrder(MOMENT_SEARCH))
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'NO_MOMENT_LEFT' } })
    expect(workOf(world)).toEqual(['findFootage', 'scoreMoments'])
    expect(world).toMatchObject({ status: 'error', rounds: [{ held: 12, captured: 0 }] })
  })
})

test.each(['watchFaces', 'cutClip', 'publishClip'] as const)(
  'a change whose %s fails costs nothing, and its retry makes it',
  async (activity) => {
    let fails = true
    const world = recutWorld({
      change: (_, base) => ({
        [activity]: async (input: never) => {
          if (fails) throw failWith('MEDIA_UNREADABLE')
          return await base[activity](input)
        },
      }),
    })
    await withWorld(world, async () => {
      const order = newOrder(EDIT)
      const failed = (await send(order)).result()
      await expect(failed).rejects.toMatchObject({ cause: { type: 'MEDIA_UNREADABLE' } })
      expect(world).toMatchObject({ status: 'error', outputs: {} })
      fails = false
      const again = await send({ ...order, round: 1 })
      expect(await again.result()).toMatchObject({ status: 'completed' })
      expect(world.rounds).toEqual([
        { held: 12, captured: 0 },
        { held: 12, captured: 12 },
      ])
    })
  },
)

test('a cancel stops the cut, and nothing is paid', async () => {
  const world = recutWorld({ change: () => ({ cutClip: untilCancelled }) })
  await withWorld(world, async () => {
    const order = newOrder(EDIT)
    const { executionId } = order
    const handle = await send(order)
    await eventually(() => expect(world.calls).toContain('cutClip 2'))
    await handle.signal(cancelExecution, { executionId })
    expect(await handle.result()).toMatchObject({ status: 'canceled' })
    expect(world.calls).toContain('cutClip cancelled')
    expect(world).toMatchObject({ outputs: {}, rounds: [{ held: 12, captured: 0 }] })
  })
})
