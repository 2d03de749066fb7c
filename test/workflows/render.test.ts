import { randomBytes } from 'node:crypto'
import { WithStartWorkflowOperation } from '@temporalio/client'
import type { WorkflowHandle } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RenderAdmission, RenderOrder, RenderOutcome } from '../../src/contracts/orders.ts'
import { makeId, renderWorkflowId, type ExecutionId, type VideoId } from '../../src/domain/ids.ts'
import {
  admitRender,
  cancelExecution,
  progress,
  retry,
  taskEvent,
} from '../../src/workflows/messages.ts'
import type { render } from '../../src/workflows/render.ts'
import { eventually } from '../support/eventually.ts'
import {
  failWith,
  fakeWorld,
  testPlan,
  untilCancelled,
  type FakeWorld,
  type RenderActivities,
} from '../support/render-fakes.ts'
import { startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts'

let server: WorkflowServer

beforeAll(async () => {
  server = await startWorkflowServer()
}, 60_000)
afterAll(() => server.stop())

const newId = () => randomBytes(9).toString('hex')
const newVideo = (): VideoId => makeId('video', newId())
const newOrder = (videoId: VideoId): RenderOrder => ({
  executionId: makeId('execution', newId()),
  videoId,
  accountId: 'acct_workflowtest',
  priority: 3,
})

const order = async (
  renderOrder: RenderOrder,
): Promise<{ admission: RenderAdmission; handle: WorkflowHandle<typeof render> }> => {
  const start = new WithStartWorkflowOperation<typeof render>('render', {
    workflowId: renderWorkflowId(renderOrder.videoId),
    taskQueue: 'pipelines',
    args: [{ videoId: renderOrder.videoId, admitted: null }],
    workflowIdConflictPolicy: 'USE_EXISTING',
  })
  const admission = await server.client.workflow.executeUpdateWithStart(admitRender, {
    updateId: renderOrder.executionId,
    args: [renderOrder],
    startWorkflowOperation: start,
  })
  return { admission, handle: await start.workflowHandle() }
}

const taskOf = (executionId: ExecutionId, round = 1) => `task-${executionId}-${round}`

const withWorld = async (world: FakeWorld, run: () => Promise<void>): Promise<void> => {
  const stop = await server.work(world.activities)
  try {
    await run()
  } finally {
    await stop()
  }
}

const outcome = (handle: WorkflowHandle<typeof render>): Promise<RenderOutcome> => handle.result()

test('a render runs its steps in order and captures the hold', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const first = newOrder(newVideo())
    const { admission, handle } = await order(first)
    expect(admission).toMatchObject({ status: 'held', plan: { amountCredits: 30 } })
    await handle.signal(taskEvent, { taskId: taskOf(first.executionId), status: 'completed' })
    expect(await outcome(handle)).toEqual({
      executionId: first.executionId,
      status: 'completed',
    })
    expect(world.calls).toEqual([
      'holdCredits',
      'cropAudio',
      'submitRender',
      'collectRender',
      'makeThumbnails',
      'invalidateCdn',
      'markReady',
      'notify',
    ])
    expect(world.holds.get(first.executionId)).toBe('captured')
  })
})

test('an order that cannot be paid is declined and nothing runs', async () => {
  const world = fakeWorld({ credits: 10 })
  await withWorld(world, async () => {
    const { admission, handle } = await order(newOrder(newVideo()))
    expect(admission).toEqual({ status: 'declined', neededCredits: 30, availableCredits: 10 })
    expect(await outcome(handle)).toEqual({ executionId: null, status: 'declined' })
    expect(world.calls).toEqual(['holdCredits'])
  })
})

test('an update that is sent twice admits once', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const [one, two] = await Promise.all([order(only), order(only)])
    expect(one.admission).toEqual(two.admission)
    await one.handle.signal(taskEvent, { taskId: taskOf(only.executionId), status: 'completed' })
    await outcome(one.handle)
    expect(world.calls.filter((name) => name === 'holdCredits')).toHaveLength(1)
  })
})

test('a webhook that arrives before the submission has returned is not lost', async () => {
  const world = fakeWorld({
    change: () => ({
      submitRender: async ({ executionId, renderer, round }) => {
        const taskId = taskOf(executionId, round)
        const handle = server.client.workflow.getHandle(renderWorkflowId(videoId))
        await handle.signal(taskEvent, { taskId, status: 'completed' })
        return { renderer, taskId }
      },
    }),
  })
  const videoId = newVideo()
  await withWorld(world, async () => {
    const { handle } = await order(newOrder(videoId))
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
  })
})

test('doubled, foreign and late webhooks have no second effect', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    const event = { taskId: taskOf(only.executionId), status: 'completed' as const }
    await handle.signal(taskEvent, { taskId: 'task-of-somebody-else', status: 'failed' })
    await handle.signal(taskEvent, event)
    await handle.signal(taskEvent, event)
    await handle.signal(taskEvent, { ...event, status: 'failed' })
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expect(world.calls.filter((name) => name === 'collectRender')).toHaveLength(1)
    await expect(handle.signal(taskEvent, event)).rejects.toThrow('already completed')
  })
})

test('a webhook that never comes is made up for by the poll', async () => {
  const world = fakeWorld({ plan: { pollIntervalMs: 300 } })
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await eventually(() => expect(world.calls).toContain('inspectRender'))
    world.tasks.set(taskOf(only.executionId), 'completed')
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
  })
})

test('a webhook that tells of a failure is believed only when the renderer confirms it', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    const taskId = taskOf(only.executionId)
    await handle.signal(taskEvent, { taskId, status: 'failed' })
    await eventually(() => expect(world.calls).toContain('inspectRender'))
    await handle.signal(taskEvent, { taskId, status: 'completed' })
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expect(world.calls.filter((name) => name === 'submitRender')).toHaveLength(1)
  })
})

test('a renderer that refuses, and one that delivers the wrong video, are passed over', async () => {
  const world = fakeWorld({
    plan: { rota: ['refuses', 'lies', 'delivers'], pollIntervalMs: 200 },
    change: (it) => ({
      submitRender: async ({ executionId, renderer, round }) => {
        if (renderer === 'refuses') throw failWith('RENDERER_REJECTED')
        it.tasks.set(taskOf(executionId, round), 'completed')
        return { renderer, taskId: taskOf(executionId, round) }
      },
      collectRender: async ({ renderer }) => {
        if (renderer === 'lies') throw failWith('RENDERER_OUTPUT_INVALID')
        return { videoKey: 'v.mp4', renderTimeSeconds: 1 }
      },
    }),
  })
  await withWorld(world, async () => {
    const { handle } = await order(newOrder(newVideo()))
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expect(world.calls.filter((name) => name === 'submitRender')).toHaveLength(3)
  })
})

test('when every renderer lies the render fails and the hold is released', async () => {
  const world = fakeWorld({
    plan: { pollIntervalMs: 200 },
    change: (it) => ({
      submitRender: async ({ executionId, renderer, round }) => {
        it.tasks.set(taskOf(executionId, round), 'completed')
        return { renderer, taskId: taskOf(executionId, round) }
      },
      collectRender: async () => {
        throw failWith('RENDERER_OUTPUT_INVALID')
      },
    }),
  })
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await expect(outcome(handle)).rejects.toMatchObject({
      cause: { type: 'RENDERER_OUTPUT_INVALID' },
    })
    expect(world.holds.get(only.executionId)).toBe('voided')
    expect(world.calls).toContain('sendAlert')
    expect(world.calls).not.toContain('markReady')
  })
})

test('a silent renderer is cancelled and the next one gets the job', async () => {
  const world = fakeWorld({
    plan: { pollIntervalMs: 200, stallTimeoutMs: 1_000 },
    change: (it) => ({
      inspectRender: async ({ taskId, renderer }) => ({
        status: it.tasks.get(taskId) ?? 'processing',
        failure: null,
        silentMs: renderer === 'alpha' ? 5_000 : 0,
      }),
    }),
  })
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await eventually(() => expect(world.tasks.get(taskOf(only.executionId, 1))).toBe('canceled'))
    await eventually(() => expect(world.tasks.has(taskOf(only.executionId, 2))).toBe(true))
    world.tasks.set(taskOf(only.executionId, 2), 'completed')
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
  })
})

const stalling = (retryWorks: () => boolean, change: Partial<RenderActivities> = {}) =>
  fakeWorld({
    plan: { rota: ['alpha'], pollIntervalMs: 150, stallTimeoutMs: 100 },
    change: (it) => ({
      inspectRender: async ({ taskId }) => ({
        status: retryWorks() ? 'completed' : (it.tasks.get(taskId) ?? 'processing'),
        failure: null,
        silentMs: 5_000,
      }),
      ...change,
    }),
  })

test('a stalled render keeps its hold and goes on when a retry is asked for', async () => {
  let well = false
  const world = stalling(() => well)
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await eventually(() => expect(world.calls).toContain('markStalled'))
    expect(await handle.query(progress)).toMatchObject({ status: 'stalled', rounds: 1 })
    expect(world.holds.get(only.executionId)).toBe('pending')
    well = true
    await handle.signal(retry)
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expect(world.calls).toContain('markResumed')
    expect(world.holds.get(only.executionId)).toBe('captured')
  })
})

test('alerts that cannot be sent do not end a stalled render', async () => {
  let well = false
  const world = stalling(() => well, {
    sendAlert: async () => {
      throw failWith('NOTIFICATION_FAILED')
    },
  })
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await eventually(() => expect(world.calls).toContain('sendAlert'))
    well = true
    await handle.signal(retry)
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
  })
})

test('a stalled render is finished by a video that is delivered by hand', async () => {
  const collected: unknown[] = []
  const world = fakeWorld({
    plan: { rota: ['alpha'], pollIntervalMs: 150, stallTimeoutMs: 100 },
    change: () => ({
      inspectRender: async () => ({ status: 'processing', failure: null, silentMs: 5_000 }),
      collectRender: async ({ taskId, outputUrl }) => {
        collected.push({ taskId, outputUrl })
        return { videoKey: 'v.mp4', renderTimeSeconds: 0 }
      },
    }),
  })
  await withWorld(world, async () => {
    const { handle } = await order(newOrder(newVideo()))
    await eventually(() => expect(world.calls).toContain('markStalled'))
    const outputUrl = 'https://example.com/by-hand.mp4'
    await handle.signal(taskEvent, { taskId: 'manual', status: 'completed', outputUrl })
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expect(collected).toEqual([{ taskId: 'manual', outputUrl }])
  })
})

test('a stall that outlasts the grace time fails the render and releases the hold', async () => {
  const world = fakeWorld({
    plan: { rota: ['alpha'], pollIntervalMs: 150, stallTimeoutMs: 100, stalledGraceMs: 500 },
    change: () => ({
      inspectRender: async () => ({ status: 'processing', failure: null, silentMs: 5_000 }),
    }),
  })
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await expect(outcome(handle)).rejects.toMatchObject({ cause: { type: 'RENDERER_STALLED' } })
    expect(world.holds.get(only.executionId)).toBe('voided')
  })
})

test('a newer order takes the place of the one in work', async () => {
  const world = fakeWorld({ credits: 40 })
  await withWorld(world, async () => {
    const videoId = newVideo()
    const first = newOrder(videoId)
    const second = newOrder(videoId)
    await order(first)
    await eventually(() => expect(world.tasks.has(taskOf(first.executionId))).toBe(true))
    const { admission, handle } = await order(second)
    expect(admission.status).toBe('held')
    await eventually(() => expect(world.tasks.get(taskOf(first.executionId))).toBe('canceled'))
    expect(world.holds.get(first.executionId)).toBe('voided')
    await eventually(() => expect(world.tasks.has(taskOf(second.executionId))).toBe(true))
    const current = server.client.workflow.getHandle<typeof render>(handle.workflowId)
    await current.signal(taskEvent, { taskId: taskOf(second.executionId), status: 'completed' })
    expect(await outcome(current)).toEqual({
      executionId: second.executionId,
      status: 'completed',
    })
    expect(world.holds.get(second.executionId)).toBe('captured')
  })
})

test('a newer order that cannot be paid leaves the one in work alone', async () => {
  let admissions = 0
  const world = fakeWorld({
    change: (it) => ({
      holdCredits: async ({ order: { executionId } }) => {
        admissions += 1
        if (admissions > 1) return { status: 'declined', neededCredits: 90, availableCredits: 5 }
        it.holds.set(executionId, 'pending')
        return { status: 'held', plan: testPlan }
      },
    }),
  })
  await withWorld(world, async () => {
    const videoId = newVideo()
    const first = newOrder(videoId)
    const { handle } = await order(first)
    expect((await order(newOrder(videoId))).admission.status).toBe('declined')
    await handle.signal(taskEvent, { taskId: taskOf(first.executionId), status: 'completed' })
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
  })
})

test('an order that comes while the one before is closing is worked on next', async () => {
  const videoId = newVideo()
  const first = newOrder(videoId)
  const next = newOrder(videoId)
  const world = fakeWorld({
    change: (it) => ({
      // By now the first video is published; its workflow has only this left to do.
      notify: async ({ executionId }) => {
        if (executionId === first.executionId) await order(next)
        expect(it.holds.get(first.executionId)).toBe('captured')
        return { deliveryIds: [], mailWanted: false }
      },
    }),
  })
  await withWorld(world, async () => {
    const { handle } = await order(first)
    await handle.signal(taskEvent, { taskId: taskOf(first.executionId), status: 'completed' })
    await eventually(() => expect(world.tasks.has(taskOf(next.executionId))).toBe(true))
    const current = server.client.workflow.getHandle<typeof render>(handle.workflowId)
    await current.signal(taskEvent, { taskId: taskOf(next.executionId), status: 'completed' })
    expect(await outcome(current)).toMatchObject({ executionId: next.executionId })
    expect(world.holds.get(first.executionId)).toBe('captured')
    expect(world.holds.get(next.executionId)).toBe('captured')
  })
})

const STEPS_WITH_WORK = ['cropAudio', 'submitRender', 'collectRender', 'makeThumbnails'] as const

test.each(STEPS_WITH_WORK)(
  'a cancel during %s releases the hold and ends the work',
  async (step) => {
    const world = fakeWorld({
      change: (it) => ({
        ...(step === 'submitRender' ? {} : { [step]: untilCancelled }),
        ...(step === 'collectRender' || step === 'makeThumbnails'
          ? {
              submitRender: async ({ executionId, renderer, round }) => {
                it.tasks.set(taskOf(executionId, round), 'completed')
                return { renderer, taskId: taskOf(executionId, round) }
              },
              inspectRender: async () => ({ status: 'completed', failure: null, silentMs: 0 }),
            }
          : {}),
      }),
      plan: { pollIntervalMs: 200 },
    })
    await withWorld(world, async () => {
      const only = newOrder(newVideo())
      const { handle } = await order(only)
      await eventually(() => expect(world.calls).toContain(step))
      await handle.signal(cancelExecution, { executionId: only.executionId })
      expect(await outcome(handle)).toEqual({ executionId: only.executionId, status: 'canceled' })
      expect(world.holds.get(only.executionId)).toBe('voided')
      const remoteIsStopped = world.tasks.get(taskOf(only.executionId)) === 'canceled'
      const localIsStopped = world.calls.includes(`${step} cancelled`)
      expect(step === 'submitRender' ? remoteIsStopped : localIsStopped).toBe(true)
    })
  },
)

test('signals that make no sense are dropped and block nothing', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await handle.signal('taskEvent')
    await handle.signal('taskEvent', { taskId: 7 })
    await handle.signal('taskEvent', { taskId: taskOf(only.executionId), status: 'splendid' })
    await handle.signal('cancelExecution')
    await handle.signal('nobodyListens', { a: 1 })
    await handle.signal(taskEvent, { taskId: taskOf(only.executionId), status: 'completed' })
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
  })
})

test('a cancel for another execution of the same video does nothing', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await handle.signal(cancelExecution, { executionId: 'exec_somebodyelses' })
    await handle.signal(taskEvent, { taskId: taskOf(only.executionId), status: 'completed' })
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
  })
})

test('a cancel of the workflow itself ends it as cancelled, with the hold released', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await eventually(() => expect(world.tasks.has(taskOf(only.executionId))).toBe(true))
    await handle.cancel()
    await expect(outcome(handle)).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } })
    expect((await handle.describe()).status.name).toBe('CANCELLED')
    expect(world.holds.get(only.executionId)).toBe('voided')
    expect(world.tasks.get(taskOf(only.executionId))).toBe('canceled')
  })
})

test('CDN, notification and alert failures do not keep a video from becoming ready', async () => {
  const world = fakeWorld({
    change: () => ({
      invalidateCdn: async () => {
        throw failWith('CDN_REJECTED')
      },
      notify: async () => {
        throw failWith('NOTIFICATION_REJECTED')
      },
    }),
  })
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await handle.signal(taskEvent, { taskId: taskOf(only.executionId), status: 'completed' })
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expect(world.holds.get(only.executionId)).toBe('captured')
  })
})

test('a failed crop fails the render with its code and releases the hold', async () => {
  const world = fakeWorld({
    change: () => ({
      cropAudio: async () => {
        throw failWith('MEDIA_UNREADABLE')
      },
    }),
  })
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await expect(outcome(handle)).rejects.toMatchObject({ cause: { type: 'MEDIA_UNREADABLE' } })
    expect(world.holds.get(only.executionId)).toBe('voided')
  })
})

test('the history of a plain render is short and its payloads are small', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder(newVideo())
    const { handle } = await order(only)
    await handle.signal(taskEvent, { taskId: taskOf(only.executionId), status: 'completed' })
    await outcome(handle)
    const { events } = await handle.fetchHistory()
    expect(events?.length).toBeLessThanOrEqual(150)
    const sizes = (events ?? []).map((event) => JSON.stringify(event).length)
    expect(Math.max(...sizes)).toBeLessThan(32 * 1024)
  })
})
