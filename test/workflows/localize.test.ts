import { describe, expect, test } from 'vitest'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import { cancelExecution, pipelineProgress, taskEvent } from '../../src/workflows/messages.ts'
import { failWith, untilCancelled } from '../support/activity-fakes.ts'
import { eventually } from '../support/eventually.ts'
import {
  LANGUAGES,
  localizationWorld,
  type LocalizationWorld,
} from '../support/localization-fakes.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

const newOrder = () => newPipelineOrder('localize', { languages: LANGUAGES, formats: ['vtt'] })
const send = async (order: PipelineOrder) => (await orderPipeline(server, order)).handle

const withWorld = (world: LocalizationWorld, run: () => Promise<void>) =>
  server.with(world.activities, run)

test('words, subtitles and every language are made, paid, and become caption tracks', async () => {
  const world = localizationWorld()
  await withWorld(world, async () => {
    const order = newOrder()
    const handle = await send(order)
    const { executionId } = order
    expect(await handle.result()).toEqual({ executionId, status: 'completed' })
    expect(world.rounds).toEqual([{ held: 24, captured: 24 }])
    expect(world.captions.toSorted()).toEqual(['de', 'en', 'es', 'fr'])
    expect(world.calls.slice(0, 5)).toEqual([
      'admitExecution',
      'bringRecording',
      'extractAudio',
      'transcribeRecording',
      'makeSubtitles',
    ])
  })
})

test('one language that fails once leaves the rest; its retry makes it and nothing else', async () => {
  let fails = true
  const world = localizationWorld({
    change: () => ({
      translateSubtitles: async ({ language }) => {
        if (fails && language === 'fr') throw failWith('PROVIDER_REJECTED')
        return { outputs: { [`${language}.vtt`]: `${language}.vtt` } }
      },
    }),
  })
  await withWorld(world, async () => {
    const order = newOrder()
    const first = await send(order)
    expect(await first.result()).toMatchObject({ status: 'partial', failure: 'PROVIDER_REJECTED' })
    expect(world.captions.toSorted()).toEqual(['de', 'en', 'es'])
    const [before] = world.rounds

    fails = false
    world.calls.length = 0
    world.captions.length = 0
    const again = await send({ ...order, round: 1 })
    expect(await again.result()).toMatchObject({ status: 'completed' })
    expect(world.calls.filter((call) => /Audio|Recording|Subtitles/.test(call))).toEqual([
      'findRecording',
      'translateSubtitles fr',
    ])
    expect(world.captions.toSorted()).toEqual(['de', 'en', 'es', 'fr'])
    const rest = before!.held - before!.captured
    expect(world.rounds[1]).toEqual({ held: rest, captured: rest })
  })
})

test.each(['bringRecording', 'extractAudio', 'transcribeRecording'] as const)(
  'without words nothing is delivered, and nothing is paid: %s fails',
  async (activity) => {
    const world = localizationWorld({
      change: () => ({ [activity]: () => Promise.reject(failWith('MEDIA_UNREADABLE')) }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'MEDIA_UNREADABLE' } })
      expect(world.status).toBe('error')
      expect(world.calls).not.toContain('completeExecution')
    })
  },
)

test('subtitles that fail leave the transcript, and no language begins', async () => {
  const world = localizationWorld({
    change: () => ({ makeSubtitles: () => Promise.reject(failWith('SUBTITLES_UNREADABLE')) }),
  })
  await withWorld(world, async () => {
    const handle = await send(newOrder())
    expect(await handle.result()).toMatchObject({ status: 'partial' })
    expect(world.outputs).toEqual({ transcript: 'transcript.json' })
    expect(world.calls.filter((call) => call.startsWith('translate'))).toEqual([])
  })
})

test('a stream that takes no captions does not take the subtitles away', async () => {
  const world = localizationWorld({
    change: () => ({ publishCaptions: () => Promise.reject(failWith('STORAGE_NOT_FOUND')) }),
  })
  await withWorld(world, async () => {
    const handle = await send(newOrder())
    expect(await handle.result()).toMatchObject({ status: 'completed' })
  })
})

describe('a cancel', () => {
  test.each([
    ['extract audio', 'extractAudio'],
    ['transcribe', 'transcribeRecording'],
    ['subtitles', 'makeSubtitles'],
    ['translate es', 'translateSubtitles'],
  ] as const)('in “%s” stops it and pays only what was made', async (step, activity) => {
    const world = localizationWorld({ change: () => ({ [activity]: untilCancelled }) })
    await withWorld(world, async () => {
      const order = newOrder()
      const handle = await send(order)
      await eventually(async () => {
        expect((await handle.query(pipelineProgress)).steps).toContain(step)
        expect(world.calls.some((call) => call.startsWith(activity))).toBe(true)
      })
      await handle.signal(cancelExecution, { executionId: order.executionId })
      expect(await handle.result()).toMatchObject({ status: 'canceled' })
      expect(world.captions).toEqual([])
      const [round] = world.rounds
      expect(round!.captured).toBeLessThan(round!.held)
    })
  })
})

describe('a stage that a provider does', () => {
  const provider = { name: 'farm', pollIntervalMs: 60_000, stallTimeoutMs: 60_000 }
  const stages = { translate: { timeoutMs: 60_000, provider } }

  test('waits for its webhook, and what was made is taken in here', async () => {
    const made: string[] = []
    const world = localizationWorld({
      stages,
      change: () => ({
        translateSubtitles: async ({ language, madeKey }) => {
          made.push(madeKey ?? 'here')
          return { outputs: { [`${language}.vtt`]: `${language}.vtt` } }
        },
      }),
    })
    await withWorld(world, async () => {
      const handle = await send(newOrder())
      for (const language of LANGUAGES) {
        const taskId = `translate ${language}`
        await handle.signal(taskEvent, { taskId, status: 'completed' })
      }
      expect(await handle.result()).toMatchObject({ status: 'completed' })
      expect(made.toSorted()).toEqual(
        LANGUAGES.map(
          (language) => `media/acct/med/localizations/exec/made/translate-${language}.vtt`,
        ).toSorted(),
      )
      expect(world.calls.filter((call) => call === 'submitRemoteTask')).toHaveLength(3)
    })
  })

  test('is ordered anew by a retry, and not found again as it failed', async () => {
    const steps: string[] = []
    let fails = true
    const world = localizationWorld({
      stages,
      change: () => ({
        submitRemoteTask: async ({ provider: name, step }) => {
          steps.push(step)
          if (fails && step === 'translate de') throw failWith('PROVIDER_REJECTED')
          return { provider: name, jobId: step }
        },
      }),
    })
    await withWorld(world, async () => {
      const order = newOrder()
      const first = await send(order)
      for (const language of ['es', 'fr']) {
        await first.signal(taskEvent, { taskId: `translate ${language}`, status: 'completed' })
      }
      expect(await first.result()).toMatchObject({ status: 'partial' })
      fails = false
      steps.length = 0
      const again = await send({ ...order, round: 1 })
      await again.signal(taskEvent, { taskId: 'translate de again 1', status: 'completed' })
      expect(await again.result()).toMatchObject({ status: 'completed' })
      expect(steps).toEqual(['translate de again 1'])
    })
  })
})
