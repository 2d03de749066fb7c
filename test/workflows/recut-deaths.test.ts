import { expect, test } from 'vitest'
import { MOMENT_SEARCH, recutWishOf, recutWorld } from '../support/clip-fakes.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { MOMENTS, startDoomedWorker } from '../support/worker-deaths.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

const newOrder = () => newPipelineOrder('recut', { recut: recutWishOf(MOMENT_SEARCH) })

/** Every step of a regeneration, and of an edit with it. */
const PLACES = ['scoreMoments', 'watchFaces', 'cutClip', 'publishClip'].flatMap((activity) =>
  MOMENTS.map((moment) => ({ activity, moment, order: newOrder(), world: recutWorld() })),
)

test('a worker that dies at any step of a change loses nothing: the clip is made, and paid once', async () => {
  const worker = await startDoomedWorker(
    server,
    PLACES.map(({ activity, moment, order: { executionId }, world: { activities } }) => {
      return { activity, moment, executionId, callCount: 1, activities }
    }),
  )
  const handles = await Promise.all(
    PLACES.map(async ({ order }) => (await orderPipeline(server, order)).handle),
  )
  await worker.untilHeld()
  const second = await worker.replace()
  try {
    for (const handle of handles) {
      expect(await handle.result()).toMatchObject({ status: 'completed' })
    }
  } finally {
    await second.kill()
  }
  for (const { world, activity, moment } of PLACES) {
    expect(world.rounds, `${activity} ${moment}`).toEqual([{ held: 12, captured: 12 }])
    expect(Object.keys(world.outputs)).toEqual(['clip-2'])
  }
})
