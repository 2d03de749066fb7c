import type { WorkflowHandle } from '@temporalio/client'
import { expect, test } from 'vitest'
import type { RenderOrder, RenderOutcome } from '../../src/contracts/orders.ts'
import { renderWorkflowId } from '../../src/domain/ids.ts'
import { progress, retry, taskEvent } from '../../src/workflows/messages.ts'
import type { render } from '../../src/workflows/render.ts'
import { beatingUntil, failWith, untilCancelled } from '../support/activity-fakes.ts'
import { eventually } from '../support/eventually.ts'
import {
  fakeWorld,
  testPlan,
  type FakeWorld,
  type RenderActivities,
} from '../support/render-fakes.ts'
import { newRenderOrder, newVideo, orderRender, remoteTaskOf } from '../support/render-orders.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

const newOrder = newRenderOrder
const taskOf = remoteTaskOf
const order = (renderOrder: RenderOrder) => orderRender(server, renderOrder)

/** As the renderers of the fake world deliver them, by round. */
const [FIRST_VIDEO, SECOND_VIDEO] = ['1/v.mp4', '2/v.mp4']

const withWorld = (world: FakeWorld, run: () => Promise<void>) => server.with(world.activities, run)

const outcome = (handle: WorkflowHandle<typeof render>): Promise<RenderOutcome> => handle.result()

test('a render runs its steps in order and captures the hold', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const first = newOrder()
    const { admission, handle } = await order(first)
    expect(admission).toMatchObject({ status: 'held', plan: { amountCredits: 30 } })
    await handle.signal(taskEvent, { taskId: taskOf(first.executionId), status: 'completed' })
    expect(await outcome(handle)).toEqual({
      executionId: first.executionId,
      status: 'completed',
    })
    const atOnce = world.calls.splice(4, 2)
    expect(world.calls).toEqual([
      'holdCredits',
      'cropAudio',
      'submitRender',
      'collectRender',
      'invalidateCdn',
      'markReady',
      'notify',
    ])
    expect(atOnce.toSorted()).toEqual(['makeThumbnails', 'verifyRender'])
    expect(world.holds.get(first.executionId)).toBe('captured')
  })
})

test('an order that cannot be paid is declined and nothing runs', async () => {
  const world = fakeWorld({ credits: 10 })
  await withWorld(world, async () => {
    const { admission, handle } = await order(newOrder())
    expect(admission).toEqual({ status: 'declined', neededCredits: 30, availableCredits: 10 })
    expect(await outcome(handle)).toEqual({ executionId: null, status: 'declined' })
    expect(world.calls).toEqual(['holdCredits'])
  })
})

test('an update that is sent twice admits once', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder()
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
    const only = newOrder()
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
    const only = newOrder()
    const { handle } = await order(only)
    await eventually(() => expect(world.calls).toContain('inspectRender'))
    world.tasks.set(taskOf(only.executionId), 'completed')
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
  })
})

test('a webhook that tells of a failure is believed only when the renderer confirms it', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder()
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
      verifyRender: async ({ videoKey }) => {
        if (videoKey === SECOND_VIDEO) throw failWith('RENDERER_OUTPUT_INVALID')
      },
    }),
  })
  await withWorld(world, async () => {
    const { handle } = await order(newOrder())
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expect(world.calls.filter((name) => name === 'submitRender')).toHaveLength(3)
    expect(world.inputsOf('markReady')).toMatchObject([{ files: { videoKey: '3/v.mp4' } }])
  })
})

/** The first renderer lies, which is found out once the thumbnails of its video are `until` there. */
const liesAtFirst = (until: string, change: Partial<RenderActivities> = {}) => {
  const world: FakeWorld = fakeWorld({
    plan: { pollIntervalMs: 200 },
    change: (it) => ({
      inspectRender: async () => ({ status: 'completed', failure: null, silentMs: 0 }),
      verifyRender: async ({ videoKey }) => {
        if (videoKey !== FIRST_VIDEO) return
        await beatingUntil(eventually(() => expect([...it.calls, ...it.endings]).toContain(until)))
        throw failWith('RENDERER_OUTPUT_INVALID')
      },
      ...change,
    }),
  })
  return world
}

const expectSecondVideoPublished = (world: FakeWorld): void => {
  const files = { videoKey: SECOND_VIDEO, thumbnailKey: `${SECOND_VIDEO}.jpg` }
  expect(world.inputsOf('markReady')).toMatchObject([{ files }])
}

test('thumbnails that were done before their video turned out to be wrong are made anew', async () => {
  const world = liesAtFirst('makeThumbnails completed')
  await withWorld(world, async () => {
    const { handle } = await order(newOrder())
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expect(world.inputsOf('makeThumbnails').map(({ videoKey }) => videoKey)).toEqual([
      FIRST_VIDEO,
      SECOND_VIDEO,
    ])
    expectSecondVideoPublished(world)
  })
})

test('thumbnails of a wrong video are stopped before the next renderer is asked', async () => {
  const world = liesAtFirst('makeThumbnails', {
    makeThumbnails: async ({ videoKey }) =>
      videoKey === FIRST_VIDEO
        ? await untilCancelled()
        : { thumbnailKey: `${videoKey}.jpg`, squareThumbnailKey: `${videoKey}.square.jpg` },
  })
  await withWorld(world, async () => {
    const { handle } = await order(newOrder())
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    const stopped = world.calls.indexOf('makeThumbnails cancelled')
    expect(stopped).toBeGreaterThan(0)
    expect(stopped).toBeLessThan(world.calls.lastIndexOf('submitRender'))
    expectSecondVideoPublished(world)
  })
})

test('thumbnails that cannot be made of a wrong video do not fail the render', async () => {
  const world = liesAtFirst('makeThumbnails failed', {
    makeThumbnails: async ({ videoKey }) => {
      if (videoKey === FIRST_VIDEO) throw failWith('MEDIA_UNREADABLE')
      return { thumbnailKey: `${videoKey}.jpg`, squareThumbnailKey: `${videoKey}.square.jpg` }
    },
  })
  await withWorld(world, async () => {
    const { handle } = await order(newOrder())
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expectSecondVideoPublished(world)
  })
})

test('thumbnails that cannot be made of a good video fail the render in their own step', async () => {
  const world = fakeWorld({
    change: (it) => ({
      verifyRender: async () => {
        await beatingUntil(eventually(() => expect(it.endings).toContain('makeThumbnails failed')))
      },
      makeThumbnails: async () => {
        throw failWith('MEDIA_UNREADABLE')
      },
    }),
  })
  await withWorld(world, async () => {
    const only = newOrder()
    const { handle } = await order(only)
    await handle.signal(taskEvent, { taskId: taskOf(only.executionId), status: 'completed' })
    await expect(outcome(handle)).rejects.toMatchObject({ cause: { type: 'MEDIA_UNREADABLE' } })
    expect(world.inputsOf('abandonExecution')).toMatchObject([{ step: 'thumbnails' }])
    expect(world.calls.filter((name) => name === 'submitRender')).toHaveLength(1)
    expect(world.holds.get(only.executionId)).toBe('voided')
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
      verifyRender: async () => {
        throw failWith('RENDERER_OUTPUT_INVALID')
      },
    }),
  })
  await withWorld(world, async () => {
    const only = newOrder()
    const { handle } = await order(only)
    await expect(outcome(handle)).rejects.toMatchObject({
      cause: { type: 'RENDERER_OUTPUT_INVALID' },
    })
    expect(world.inputsOf('abandonExecution')).toMatchObject([{ step: 'remote render' }])
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
    const only = newOrder()
    const { handle } = await order(only)
    await eventually(() => expect(world.tasks.get(taskOf(only.executionId, 1))).toBe('canceled'))
    await eventually(() => expect(world.tasks.has(taskOf(only.executionId, 2))).toBe(true))
    world.tasks.set(taskOf(only.executionId, 2), 'completed')
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
  })
})

test('a database that is away while a renderer is asked costs it neither its turn nor its task', async () => {
  let asks = 0
  const world = fakeWorld({
    plan: { pollIntervalMs: 200 },
    change: () => ({
      inspectRender: async () => {
        asks += 1
        if (asks <= 4) throw failWith('DATABASE_UNAVAILABLE', false)
        return { status: 'completed', failure: null, silentMs: 0 }
      },
    }),
  })
  await withWorld(world, async () => {
    const { handle } = await order(newOrder())
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expect(world.calls.filter((call) => call === 'submitRender')).toHaveLength(1)
    expect(world.calls).not.toContain('cancelRender')
  })
}, 60_000)

test('a task that cannot be asked about any more is cancelled, and the next renderer gets the job', async () => {
  const world = fakeWorld({
    plan: { pollIntervalMs: 200 },
    change: () => ({
      inspectRender: async ({ renderer }) => {
        if (renderer === 'alpha') throw failWith('RENDERER_REJECTED')
        return { status: 'completed', failure: null, silentMs: 0 }
      },
    }),
  })
  await withWorld(world, async () => {
    const only = newOrder()
    const { handle } = await order(only)
    expect(await outcome(handle)).toMatchObject({ status: 'completed' })
    expect(world.tasks.get(taskOf(only.executionId, 1))).toBe('canceled')
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
    const only = newOrder()
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
    const only = newOrder()
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
    const { handle } = await order(newOrder())
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
    const only = newOrder()
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

test('signals that make no sense are dropped and block nothing', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder()
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
    const only = newOrder()
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
    const only = newOrder()
    const { handle } = await order(only)
    await expect(outcome(handle)).rejects.toMatchObject({ cause: { type: 'MEDIA_UNREADABLE' } })
    expect(world.holds.get(only.executionId)).toBe('voided')
  })
})

test('the history of a plain render is short and its payloads are small', async () => {
  const world = fakeWorld()
  await withWorld(world, async () => {
    const only = newOrder()
    const { handle } = await order(only)
    await handle.signal(taskEvent, { taskId: taskOf(only.executionId), status: 'completed' })
    await outcome(handle)
    const { events } = await handle.fetchHistory()
    expect(events?.length).toBeLessThanOrEqual(150)
    const sizes = (events ?? []).map((event) => JSON.stringify(event).length)
    expect(Math.max(...sizes)).toBeLessThan(32 * 1024)
  })
})
