import { expect, test } from 'vitest'
import type { RenderOrder } from '../../src/contracts/orders.ts'
import { renderWorkflowId, type ExecutionId } from '../../src/domain/ids.ts'
import { taskEvent } from '../../src/workflows/messages.ts'
import { eventually } from '../support/eventually.ts'
import { fakeWorld, type FakeWorld, type RenderActivities } from '../support/render-fakes.ts'
import { newRenderOrder, orderRender, remoteTaskOf } from '../support/render-orders.ts'
import { executionOf, MOMENTS, startDoomedWorker } from '../support/worker-deaths.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

/** The activities of a plain render, one after the other. */
const BOUNDARIES = [
  'holdCredits',
  'cropAudio',
  'submitRender',
  'collectRender',
  'verifyRender',
  'makeThumbnails',
  'invalidateCdn',
  'markReady',
  'notify',
] as const satisfies readonly (keyof RenderActivities)[]

/** One render for each place at which a worker can die. */
const places = BOUNDARIES.flatMap((activity) =>
  MOMENTS.map((moment) => ({ activity, moment, order: newRenderOrder() })),
)

const effectsOf = (world: FakeWorld, executionId: ExecutionId): Record<string, number> =>
  Object.fromEntries(
    BOUNDARIES.map((name) => [
      name,
      world.inputsOf(name).filter((input) => executionOf(input) === executionId).length,
    ]),
  )

test('a worker killed at any boundary is replaced, and nothing but what it was at is done again', async () => {
  const world = fakeWorld()
  const worker = await startDoomedWorker(
    server,
    places.map(({ activity, moment, order: { executionId } }) => {
      return { activity, moment, executionId, callCount: 1, activities: world.activities }
    }),
  )
  const renders = places.map(({ order }) => orderRender(server, order))
  for (const { order } of places) {
    const event = { taskId: remoteTaskOf(order.executionId), status: 'completed' as const }
    // Early: the workflow may not even be there.
    await eventually(() => handleOf(order).signal(taskEvent, event))
  }
  await worker.untilHeld()
  // What is done beside the activity that is held has been told to the server.
  for (const { order } of places) {
    await eventually(async () => {
      const { raw } = await handleOf(order).describe()
      expect(raw.pendingActivities?.length ?? 0).toBeLessThanOrEqual(1)
    })
  }
  const second = await worker.replace()
  try {
    const outcomes = await Promise.all(renders.map(async (render) => (await render).outcome()))
    const seen = places.map(({ activity, moment, order: { executionId } }, index) => ({
      place: `${moment} ${activity}`,
      outcome: outcomes[index]?.status,
      hold: world.holds.get(executionId),
      effects: effectsOf(world, executionId),
    }))
    const once = Object.fromEntries(BOUNDARIES.map((name) => [name, 1]))
    expect(seen).toEqual(
      places.map(({ activity, moment }) => ({
        place: `${moment} ${activity}`,
        outcome: 'completed',
        hold: 'captured',
        effects: moment === 'before' ? once : { ...once, [activity]: 2 },
      })),
    )
    expect(world.tasks.size).toBe(places.length)
  } finally {
    await second.kill()
  }
})

const handleOf = ({ videoId }: RenderOrder) =>
  server.client.workflow.getHandle(renderWorkflowId(videoId))
