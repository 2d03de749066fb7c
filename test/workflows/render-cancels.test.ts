import type { WorkflowHandle } from '@temporalio/client'
import { expect, test } from 'vitest'
import type { RenderOrder, RenderOutcome } from '../../src/contracts/orders.ts'
import { renderWorkflowId } from '../../src/domain/ids.ts'
import { cancelExecution, taskEvent } from '../../src/workflows/messages.ts'
import type { render } from '../../src/workflows/render.ts'
import { untilCancelled } from '../support/activity-fakes.ts'
import { eventually } from '../support/eventually.ts'
import { fakeWorld, type FakeWorld } from '../support/render-fakes.ts'
import { newRenderOrder, newVideo, orderRender, remoteTaskOf } from '../support/render-orders.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

const newOrder = newRenderOrder
const taskOf = remoteTaskOf
const order = (renderOrder: RenderOrder) => orderRender(server, renderOrder)

const withWorld = (world: FakeWorld, run: () => Promise<void>) => server.with(world.activities, run)

const outcome = (handle: WorkflowHandle<typeof render>): Promise<RenderOutcome> => handle.result()

const STEPS_WITH_WORK = [
  'cropAudio',
  'submitRender',
  'collectRender',
  'verifyRender',
  'makeThumbnails',
  'invalidateCdn',
] as const

test.each(STEPS_WITH_WORK)(
  'a cancel during %s releases the hold and ends the work',
  async (step) => {
    const world = fakeWorld({
      change: () => ({
        ...(step === 'submitRender' ? {} : { [step]: untilCancelled }),
        ...(step === 'cropAudio' || step === 'submitRender'
          ? {}
          : { inspectRender: async () => ({ status: 'completed', failure: null, silentMs: 0 }) }),
      }),
      plan: { pollIntervalMs: 200 },
    })
    await withWorld(world, async () => {
      const only = newOrder()
      const { handle } = await order(only)
      await eventually(() => expect(world.calls).toContain(step))
      await handle.signal(cancelExecution, { executionId: only.executionId })
      expect(await outcome(handle)).toEqual({ executionId: only.executionId, status: 'canceled' })
      expect(world.holds.get(only.executionId)).toBe('voided')
      const remoteIsStopped = () => world.tasks.get(taskOf(only.executionId)) === 'canceled'
      const localIsStopped = () => world.calls.includes(`${step} cancelled`)
      const isStopped = step === 'submitRender' ? remoteIsStopped : localIsStopped
      await eventually(() => expect(isStopped()).toBe(true))
    })
  },
)

test('a cancel while the video is verified stops its thumbnails too, before the hold is released', async () => {
  const world = fakeWorld({
    change: () => ({
      inspectRender: async () => ({ status: 'completed', failure: null, silentMs: 0 }),
      verifyRender: untilCancelled,
      makeThumbnails: untilCancelled,
    }),
    plan: { pollIntervalMs: 200 },
  })
  await withWorld(world, async () => {
    const only = newOrder()
    const { handle } = await order(only)
    await eventually(() => {
      expect(world.calls).toContain('verifyRender')
      expect(world.calls).toContain('makeThumbnails')
    })
    await handle.signal(cancelExecution, { executionId: only.executionId })
    expect(await outcome(handle)).toMatchObject({ status: 'canceled' })
    const before = world.calls.slice(0, world.calls.indexOf('abandonExecution'))
    expect(before).toContain('verifyRender cancelled')
    expect(before).toContain('makeThumbnails cancelled')
    expect(world.calls.filter((name) => name === 'submitRender')).toHaveLength(1)
  })
})

/** Holds one activity at its beginning until it is let go. */
const gate = () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  return { opened, open }
}

const WAYS_TO_CANCEL = [
  ['the order', 'canceled'],
  ['the workflow', 'CancelledFailure'],
] as const

test.each(WAYS_TO_CANCEL)(
  'a cancel of %s while the credits are being held gives them back',
  async (what, ending) => {
    const { opened, open } = gate()
    const world = fakeWorld({
      change: (_, base) => ({
        holdCredits: async (input) => {
          await opened
          return await base.holdCredits(input)
        },
        cropAudio: untilCancelled,
      }),
    })
    await withWorld(world, async () => {
      const only = newOrder()
      const ordered = order(only)
      await eventually(() => expect(world.calls).toContain('holdCredits'))
      const handle = server.client.workflow.getHandle<typeof render>(renderWorkflowId(only.videoId))
      await (what === 'the workflow'
        ? handle.cancel()
        : handle.signal(cancelExecution, { executionId: only.executionId }))
      open()
      expect((await ordered).admission).toMatchObject({ status: 'held' })
      const seen = await outcome(handle).then(
        ({ status }) => status,
        ({ cause }: { cause: Error }) => cause.name,
      )
      expect(seen).toBe(ending)
      expect(world.holds.get(only.executionId)).toBe('voided')
      expect(world.calls).not.toContain('submitRender')
    })
  },
)

test.each(['markReady', 'notify'] as const)(
  'a cancel during %s comes too late: the video is published, and paid for once',
  async (step) => {
    const { opened, open } = gate()
    const world = fakeWorld({
      change: (_, base) => ({
        [step]: async (input: never) => {
          await opened
          return await base[step](input)
        },
      }),
    })
    await withWorld(world, async () => {
      const only = newOrder()
      const { handle } = await order(only)
      await handle.signal(taskEvent, { taskId: taskOf(only.executionId), status: 'completed' })
      await eventually(() => expect(world.calls).toContain(step))
      await handle.signal(cancelExecution, { executionId: only.executionId })
      open()
      expect(await outcome(handle)).toMatchObject({ status: 'completed' })
      expect(world.holds.get(only.executionId)).toBe('captured')
      expect(world.calls).not.toContain('abandonExecution')
    })
  },
)

test.each(WAYS_TO_CANCEL)(
  'a cancel of %s reaches an order that waits for the one before it to close',
  async (what) => {
    const videoId = newVideo()
    const first = newOrder(videoId)
    const next = newOrder(videoId)
    const world = fakeWorld({
      change: (_, base) => ({
        notify: async (input) => {
          if (input.executionId === first.executionId) {
            const { handle } = await order(next)
            await (what === 'the workflow'
              ? handle.cancel()
              : handle.signal(cancelExecution, { executionId: next.executionId }))
          }
          return await base.notify(input)
        },
      }),
    })
    await withWorld(world, async () => {
      const { handle } = await order(first)
      await handle.signal(taskEvent, { taskId: taskOf(first.executionId), status: 'completed' })
      expect(await outcome(handle)).toEqual({ executionId: next.executionId, status: 'canceled' })
      expect(world.holds.get(first.executionId)).toBe('captured')
      expect(world.holds.get(next.executionId)).toBe('voided')
      expect(world.inputsOf('cropAudio')).toHaveLength(1)
    })
  },
)

test('a cancel for another execution of the same video does nothing', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder()
    const { handle } = await order(only)
    await handle.signal(cancelExecution, { executionId: 'exec_somebodyelses' })
    await handle.signal(taskEvent, { taskId: taskOf(only.executionId), status: 'completed' })
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
  })
})

test('a cancel of the workflow itself ends it as cancelled, with the hold released', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder()
    const { handle } = await order(only)
    await eventually(() => expect(world.tasks.has(taskOf(only.executionId))).toBe(true))
    await handle.cancel()
    await expect(outcome(handle)).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } })
    expect((await handle.describe()).status.name).toBe('CANCELLED')
    expect(world.holds.get(only.executionId)).toBe('voided')
    expect(world.tasks.get(taskOf(only.executionId))).toBe('canceled')
  })
})
