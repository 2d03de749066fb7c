import { expect, test } from 'vitest'
import { clipStep } from '../../src/domain/steps.ts'
import { cancelExecution } from '../../src/workflows/messages.ts'
import { untilCancelled } from '../support/activity-fakes.ts'
import { CLIP_WISH, clipWorld, type ClipWorld } from '../support/clip-fakes.ts'
import { eventually } from '../support/eventually.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { MOMENTS, startDoomedWorker } from '../support/worker-deaths.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

const newOrder = () => newPipelineOrder('clip', { wish: CLIP_WISH })

const CLIP_NUMBERS = [1, 2, 3] as const
/** What the three clips, the transcript and everything before them cost. */
const PRICE_CREDITS = 48

/** Every activity that an order loses its worker in, with what it is noted under in `calls`. */
const PLACES = [
  ['bringFootage', ['bringFootage']],
  ['extractAudio', ['extractAudio']],
  ['transcribeRecording', ['transcribeRecording']],
  ['scoreMoments', ['scoreMoments']],
  ['watchFaces', CLIP_NUMBERS.map((number) => `watchFaces ${number}`)],
  ['cutClip', CLIP_NUMBERS.map((number) => `cutClip ${number}`)],
  ['publishClip', CLIP_NUMBERS.map((number) => `publishClip ${number}`)],
  ['completeExecution', ['completeExecution']],
  ['notify', ['notify']],
] as const satisfies readonly (readonly [keyof ClipWorld['activities'], readonly string[]])[]

const ALL_CALLS = ['admitExecution', ...PLACES.flatMap(([, calls]) => calls)]

const countsOf = (calls: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const call of calls) counts[call] = (counts[call] ?? 0) + 1
  return counts
}

const seenOf = ({ calls, outputs, done, status }: ClipWorld) => ({
  status,
  calls: countsOf(calls),
  outputs: Object.keys(outputs).toSorted(),
  steps: [...done].toSorted(),
})

const FIRST_OF_CLIPS = PLACES.findIndex(([activity]) => activity === 'watchFaces')

test.each([
  ['before the clips', PLACES.slice(0, FIRST_OF_CLIPS)],
  ['of the clips and after them', PLACES.slice(FIRST_OF_CLIPS)],
])(
  'a worker killed at any step %s is replaced: each clip is there once and costs once',
  async (_, steps) => {
    const places = steps.flatMap(([activity, calls]) =>
      MOMENTS.map((moment) => ({ activity, calls, moment, order: newOrder(), world: clipWorld() })),
    )
    const worker = await startDoomedWorker(
      server,
      places.map(({ activity, calls, moment, order: { executionId }, world: { activities } }) => {
        return { activity, moment, executionId, callCount: calls.length, activities }
      }),
    )
    const handles = await Promise.all(
      places.map(async ({ order }) => (await orderPipeline(server, order)).handle),
    )
    await worker.untilHeld()
    const second = await worker.replace()
    try {
      const outcomes = await Promise.all(handles.map((handle) => handle.result()))
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['completed']))
    } finally {
      await second.kill()
    }
    for (const { activity, calls, moment, world } of places) {
      const again = moment === 'before' ? [] : calls
      expect({ place: `${moment} ${activity}`, ...seenOf(world) }).toEqual({
        place: `${moment} ${activity}`,
        status: 'completed',
        calls: countsOf([...ALL_CALLS, ...again]),
        outputs: ['clip-1', 'clip-2', 'clip-3', 'transcript'],
        steps: [
          ...['hold credits', 'download', 'extract audio', 'transcribe', 'score'],
          ...CLIP_NUMBERS.map(clipStep),
        ].toSorted(),
      })
      // Whoever is told twice that it is over has taken the price once.
      expect(world.rounds).toEqual([{ held: PRICE_CREDITS, captured: PRICE_CREDITS }])
    }
  },
)

/** What an order has come to that is cancelled in the middle of an activity: before there are clips it has come
 * to nothing. */
const CANCELS = [
  ['bringFootage', 0, []],
  ['extractAudio', 0, []],
  ['transcribeRecording', 0, []],
  ['scoreMoments', 0, []],
  ['watchFaces', 12, ['transcript']],
  ['cutClip', 12, ['transcript']],
  ['publishClip', 12, ['transcript']],
] as const

test.each(CANCELS)(
  'a cancel in %s stops it, and what is not finished is given back',
  async (activity, capturedCredits, outputs) => {
    const world = clipWorld({ change: () => ({ [activity]: () => untilCancelled() }) })
    await server.with(world.activities, async () => {
      const order = newOrder()
      const { handle } = await orderPipeline(server, order)
      const inWork = () => world.calls.filter((call) => call.startsWith(activity))
      const callCount = PLACES.find(([name]) => name === activity)![1].length
      await eventually(() => expect(inWork()).toHaveLength(callCount))
      await handle.signal(cancelExecution, { executionId: order.executionId })
      await handle.result().catch(() => undefined)
      expect(world.status).toBe('canceled')
      expect(world.calls.filter((call) => call === `${activity} cancelled`)).toHaveLength(callCount)
      expect(world.rounds).toEqual([{ held: PRICE_CREDITS, captured: capturedCredits }])
      expect(Object.keys(world.outputs)).toEqual(outputs)
    })
  },
)
