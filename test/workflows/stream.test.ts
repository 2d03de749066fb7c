import { describe, expect, test } from 'vitest'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import { pipelineWorkflowId } from '../../src/domain/ids.ts'
import { cancelExecution, pipelineProgress } from '../../src/workflows/messages.ts'
import type { stream } from '../../src/workflows/stream.ts'
import { failWith, untilCancelled } from '../support/activity-fakes.ts'
import { eventually } from '../support/eventually.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { LADDER_GROUPS, streamWorld, type StreamWorld } from '../support/stream-fakes.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

const newOrder = (input: PipelineOrder['input'] = {}) => newPipelineOrder('stream', input)
const send = (order: PipelineOrder) => orderPipeline(server, order)

const withWorld = (world: StreamWorld, run: () => Promise<void>) =>
  server.with(world.activities, run)

const times = (world: StreamWorld, name: string): number =>
  world.calls.filter((call) => call === name).length

/** The activity of each branch that fails once. */
const BRANCHES = {
  ladder: 'encodeLadderPart',
  poster: 'makePoster',
  preview: 'makePreview',
  transcript: 'transcribeStream',
  storyboard: 'makeStreamStoryboard',
  waveform: 'makeStreamWaveform',
} as const

test('a stream is published group by group, and paid when all of it is there', async () => {
  const world = streamWorld()
  await withWorld(world, async () => {
    const order = newOrder()
    const { admission, handle } = await send(order)
    expect(admission).toMatchObject({ status: 'held', done: ['hold credits'] })
    expect(await handle.result()).toEqual({
      executionId: order.executionId,
      status: 'completed',
    })
    const [round] = world.rounds
    expect(round?.captured).toBe(round?.held)
    expect(times(world, 'encodeLadderPart')).toBe(3)
    expect(times(world, 'publishLadder')).toBe(1)
    expect(world.calls.indexOf('publishLadder')).toBeLessThan(world.calls.indexOf('closeLadder'))
    expect(Object.keys(world.outputs)).toHaveLength(8)
    expect(world.calls.slice(-2)).toEqual(['completeExecution', 'notify'])
  })
})

test('an order that cannot be paid is declined and nothing runs', async () => {
  const world = streamWorld({ credits: () => 3 })
  await withWorld(world, async () => {
    const { admission, handle } = await send(newOrder())
    expect(admission).toMatchObject({ status: 'declined', availableCredits: 3 })
    expect(await handle.result()).toEqual({ executionId: null, status: 'declined' })
    expect(world.calls).toEqual(['admitExecution'])
  })
})

test('a film from a URL that turns out too long for the account costs nothing', async () => {
  const world = streamWorld({
    change: () => ({
      raiseHold: async () => ({ status: 'declined', neededCredits: 900, availableCredits: 1 }),
    }),
  })
  await withWorld(world, async () => {
    const { handle } = await send(newOrder({ sealedUrl: 'sealed' }))
    await expect(handle.result()).rejects.toMatchObject({
      cause: { type: 'INSUFFICIENT_CREDITS' },
    })
    expect(world.status).toBe('error')
    expect(times(world, 'planLadder')).toBe(0)
  })
})

test('what cannot be streamed at all ends as an error, with its code', async () => {
  const world = streamWorld({
    change: () => ({ probeSource: () => Promise.reject(failWith('MEDIA_NO_VIDEO')) }),
  })
  await withWorld(world, async () => {
    const { handle } = await send(newOrder())
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'MEDIA_NO_VIDEO' } })
    expect(world.calls.slice(-3)).toEqual(['abandonExecution', 'sendAlert', 'notify'])
  })
})

describe('a branch that fails', () => {
  test.each(Object.entries(BRANCHES))(
    '%s spoils no other, is not paid, and a retry makes it alone',
    async (step, activity) => {
      let fails = true
      const world = streamWorld({
        change: (_, base) => ({
          [activity]: (input: never) =>
            fails ? Promise.reject(failWith('MEDIA_UNREADABLE')) : base[activity](input),
        }),
      })
      await withWorld(world, async () => {
        const order = newOrder()
        const first = await send(order)
        expect(await first.handle.result()).toEqual({
          executionId: order.executionId,
          status: 'partial',
          failure: 'MEDIA_UNREADABLE',
        })
        expect(world.results.filter(({ outcome }) => outcome === 'failed')).toEqual([
          { step, outcome: 'failed', failure: 'MEDIA_UNREADABLE', outputs: {} },
        ])
        const [before] = world.rounds
        expect(before!.captured).toBeLessThan(before!.held)

        fails = false
        world.calls.length = 0
        const retry = await send({ ...order, round: 1 })
        expect(await retry.handle.result()).toMatchObject({ status: 'completed' })
        expect(world.results.map((branch) => branch.step)).toEqual([step])
        const others = Object.values(BRANCHES).filter((name) => name !== activity)
        expect(others.filter((name) => world.calls.includes(name))).toEqual([])
        expect(world.calls).not.toContain('probeSource')
        const [, after] = world.rounds
        expect(after).toEqual({
          held: before!.held - before!.captured,
          captured: before!.held - before!.captured,
        })
      })
    },
  )
})

test('nothing that was delivered is nothing to pay: all branches failing is an error', async () => {
  const failing = Object.fromEntries(
    Object.values(BRANCHES).map((name) => [
      name,
      () => Promise.reject(failWith('ENCODER_CRASHED')),
    ]),
  )
  const world = streamWorld({ change: () => failing })
  await withWorld(world, async () => {
    const { handle } = await send(newOrder())
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'ENCODER_CRASHED' } })
    expect(world.status).toBe('error')
    expect(world.rounds[0]?.captured).toBe(0)
  })
})

test('a silent film has its transcript and waveform skipped, unpaid, and is complete', async () => {
  const silent = async () => ({ skipped: 'the film is silent', outputs: {} })
  const world = streamWorld({
    change: () => ({ transcribeStream: silent, makeStreamWaveform: silent }),
  })
  await withWorld(world, async () => {
    const { handle } = await send(newOrder())
    expect(await handle.result()).toMatchObject({ status: 'completed' })
    const skipped = world.results.filter(({ outcome }) => outcome === 'skipped')
    expect(skipped.map(({ step }) => step)).toEqual(['transcript', 'waveform'])
    const [round] = world.rounds
    expect(round!.captured).toBeLessThan(round!.held)
  })
})

describe('a cancel', () => {
  test.each(Object.entries(BRANCHES))(
    'in %s stops it; what was made by then is paid, and no more',
    async (step, activity) => {
      const world = streamWorld({ change: () => ({ [activity]: untilCancelled }) })
      await withWorld(world, async () => {
        const order = newOrder()
        const { handle } = await send(order)
        await eventually(async () => {
          const { steps } = await handle.query(pipelineProgress)
          expect(steps).toEqual([step])
        })
        await handle.signal(cancelExecution, { executionId: order.executionId })
        expect(await handle.result()).toMatchObject({ status: 'canceled' })
        expect(world.calls).toContain(`${activity} cancelled`)
        expect(world.results.filter(({ outcome }) => outcome !== 'completed')).toEqual([
          { step, outcome: 'canceled', failure: null, outputs: {} },
        ])
        const [round] = world.rounds
        expect(round!.captured).toBeLessThan(round!.held)
        expect(world.calls).not.toContain('sendAlert')
      })
    },
  )

  test('in the probe gives all of it back', async () => {
    const world = streamWorld({ change: () => ({ probeSource: untilCancelled }) })
    await withWorld(world, async () => {
      const order = newOrder()
      const { handle } = await send(order)
      await eventually(() => expect(world.calls).toContain('probeSource'))
      await handle.signal(cancelExecution, { executionId: 'exec_of_somebody_else' })
      await handle.signal(cancelExecution, { executionId: order.executionId })
      expect(await handle.result()).toMatchObject({ status: 'canceled' })
      expect(world.calls).toContain('abandonExecution')
      expect(world.calls).not.toContain('completeExecution')
    })
  })

  test('while the credits are being held gives them back', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    const world = streamWorld({
      change: (_, base) => ({
        admitExecution: async (input) => {
          await opened
          return await base.admitExecution(input)
        },
      }),
    })
    await withWorld(world, async () => {
      const order = newOrder()
      const { executionId } = order
      const ordered = send(order)
      await eventually(() => expect(world.calls).toContain('admitExecution'))
      const handle = server.client.workflow.getHandle(pipelineWorkflowId('stream', executionId))
      await handle.signal(cancelExecution, { executionId })
      open()
      expect((await ordered).admission).toMatchObject({ status: 'held' })
      expect(await handle.result()).toMatchObject({ status: 'canceled' })
      expect(world.status).toBe('canceled')
      expect(world.calls).not.toContain('makePoster')
    })
  })
})

test('a range that fails lets the others of its group end, and nothing is closed', async () => {
  const world = streamWorld({
    change: () => ({
      encodeLadderPart: ({ range }) =>
        range.firstSegment === 12
          ? Promise.reject(failWith('MEDIA_UNREADABLE'))
          : Promise.resolve(),
    }),
  })
  await withWorld(world, async () => {
    const { handle } = await send(newOrder())
    expect(await handle.result()).toMatchObject({ status: 'partial' })
    expect(times(world, 'encodeLadderPart')).toBe(
      LADDER_GROUPS.reduce((sum, { ranges }) => sum + ranges.length, 0),
    )
    expect(times(world, 'publishLadder')).toBe(1)
    expect(times(world, 'closeLadder')).toBe(0)
  })
})

test('a retry that comes while the round before is closing is the next run’s work', async () => {
  let tell: () => void = () => undefined
  const told = new Promise<void>((resolve) => {
    tell = resolve
  })
  let fails = true
  const world = streamWorld({
    change: () => ({
      makePoster: () =>
        fails
          ? Promise.reject(failWith('MEDIA_UNREADABLE'))
          : Promise.resolve({ outputs: { poster: 'poster.webp' } }),
      notify: async () => {
        await told
        return { deliveryIds: [], mailWanted: false }
      },
    }),
  })
  await withWorld(world, async () => {
    const order = newOrder()
    await send(order)
    await eventually(() => expect(world.status).toBe('partial'))
    fails = false
    const { admission } = await send({ ...order, round: 1 })
    expect(admission).toMatchObject({ status: 'held' })
    tell()
    const handle = server.client.workflow.getHandle<typeof stream>(
      pipelineWorkflowId('stream', order.executionId),
    )
    expect(await handle.result()).toMatchObject({ status: 'completed' })
    expect(world.rounds).toHaveLength(2)
  })
})

test.each(['the order', 'the workflow'])(
  'a cancel of %s reaches a retry that waits for the round before to close',
  async (what) => {
    const order = newOrder()
    const world = streamWorld({
      change: (own) => ({
        makePoster: () => Promise.reject(failWith('MEDIA_UNREADABLE')),
        notify: async () => {
          if (own.rounds.length === 1) {
            const { handle } = await send({ ...order, round: 1 })
            await (what === 'the workflow'
              ? handle.cancel()
              : handle.signal(cancelExecution, { executionId: order.executionId }))
          }
          return { deliveryIds: [], mailWanted: false }
        },
      }),
    })
    await withWorld(world, async () => {
      const { handle } = await send(order)
      expect(await handle.result()).toMatchObject({ status: 'canceled' })
      expect(world.rounds[1]).toMatchObject({ captured: 0 })
      expect(times(world, 'abandonExecution')).toBe(1)
      expect(times(world, 'makePoster')).toBe(1)
    })
  },
)
