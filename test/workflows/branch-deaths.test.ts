import { expect, test } from 'vitest'
import { translateStep } from '../../src/domain/steps.ts'
import { pipelineProgress } from '../../src/workflows/messages.ts'
import { eventually } from '../support/eventually.ts'
import { LANGUAGES, localizationWorld } from '../support/localization-fakes.ts'
import type { OrderRecords } from '../support/order-fakes.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { streamWorld } from '../support/stream-fakes.ts'
import { MOMENTS, startDoomedWorker } from '../support/worker-deaths.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

const newStream = () => newPipelineOrder('stream')
const newLocalization = () =>
  newPipelineOrder('localize', { languages: LANGUAGES, formats: ['vtt'] })

/** What is short beside the ladder of a stream: step and activity. */
const STREAM_BRANCHES = [
  ['poster', 'makePoster'],
  ['preview', 'makePreview'],
  ['transcript', 'transcribeStream'],
  ['storyboard', 'makeStreamStoryboard'],
  ['waveform', 'makeStreamWaveform'],
] as const

/** Stages of a localization that an order loses its worker in: steps beside each other, and their activity. */
const LOCALIZATION_STAGES = [
  [['subtitles'], 'makeSubtitles'],
  [LANGUAGES.map(translateStep), 'translateSubtitles'],
] as const

/** One order for each place at which a worker can die, in a world of its own. */
const streams = STREAM_BRANCHES.flatMap(([step, activity]) =>
  MOMENTS.map((moment) => {
    return { activity, moment, steps: [step], order: newStream(), world: streamWorld() }
  }),
)

const localizations = LOCALIZATION_STAGES.flatMap(([steps, activity]) =>
  MOMENTS.map((moment) => {
    return { activity, moment, steps, order: newLocalization(), world: localizationWorld() }
  }),
)

type Place = (typeof streams)[number] | (typeof localizations)[number]

const countsOf = (calls: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const call of calls) counts[call] = (counts[call] ?? 0) + 1
  return counts
}

/** Under what a call of the place's activity is noted. */
const callsAt = ({ activity }: Place): readonly string[] =>
  activity === 'translateSubtitles'
    ? LANGUAGES.map((language) => `${activity} ${language}`)
    : [activity]

/** Orders all, kills their one worker when it is in the middle of each place, and sees them to their end. */
const endAfterDeaths = async (places: readonly Place[]): Promise<readonly string[]> => {
  const worker = await startDoomedWorker(
    server,
    places.map(({ activity, moment, steps, order: { executionId }, world: { activities } }) => {
      return { activity, moment, executionId, callCount: steps.length, activities }
    }),
  )
  const handles = await Promise.all(
    places.map(async ({ order }) => (await orderPipeline(server, order)).handle),
  )
  await worker.untilHeld()
  // The steps beside it have ended, and the server knows.
  for (const [index, { steps }] of places.entries()) {
    await eventually(async () => {
      const progress = await handles[index]!.query(pipelineProgress)
      expect(new Set(progress.steps)).toEqual(new Set(steps))
    })
  }
  const second = await worker.replace()
  try {
    const outcomes = await Promise.all(handles.map((handle) => handle.result()))
    return outcomes.map(({ status }) => status)
  } finally {
    await second.kill()
  }
}

/** What an order that nothing happens to comes to. */
interface Undisturbed {
  readonly calls: Readonly<Record<string, number>>
  readonly priceCredits: number
  readonly branches: readonly string[]
  readonly outputs: readonly string[]
}

const seenOf = ({ calls, rounds, results, outputs }: OrderRecords) => ({
  calls: countsOf(calls),
  rounds,
  branches: results.map(({ step, outcome }) => `${step} ${outcome}`).toSorted(),
  outputs: Object.keys(outputs).toSorted(),
})

const expectEachOnce = async (places: readonly Place[], usual: Undisturbed): Promise<void> => {
  const statuses = await endAfterDeaths(places)
  const seen = places.map((place, index) => ({
    place: `${place.moment} ${place.activity}`,
    status: statuses[index],
    ...seenOf(place.world),
  }))
  const { calls, priceCredits, branches, outputs } = usual
  expect(seen).toEqual(
    places.map((place) => {
      const again = place.moment === 'before' ? [] : callsAt(place)
      return {
        place: `${place.moment} ${place.activity}`,
        status: 'completed',
        calls: { ...calls, ...Object.fromEntries(again.map((call) => [call, 2])) },
        rounds: [{ held: priceCredits, captured: priceCredits }],
        branches: branches.map((step) => `${step} completed`).toSorted(),
        outputs: outputs.toSorted(),
      }
    }),
  )
}

const once = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries(names.map((name) => [name, 1]))

test('a worker killed in a short branch of a stream is replaced; the branch counts and costs once', async () => {
  const branches = STREAM_BRANCHES.map(([step]) => step)
  const activities = STREAM_BRANCHES.map(([, activity]) => activity)
  const around = ['admitExecution', 'probeSource', 'completeExecution', 'notify']
  const ladder = ['planLadder', 'encodeLadderSound', 'publishLadder', 'closeLadder']
  await expectEachOnce(streams, {
    calls: { ...once([...around, ...ladder, ...activities]), encodeLadderPart: 3 },
    // 50 for the ladder, 10 for the transcript, 2 for the storyboard, 1 for each of the others.
    priceCredits: 65,
    branches: ['ladder', ...branches],
    outputs: [
      ...['hls', 'dash', 'poster', 'previewGif', 'previewWebp'],
      ...['transcript', 'storyboard', 'waveform'],
    ],
  })
})

test('a worker killed in subtitles or translations is replaced; each language counts and costs once', async () => {
  const translations = LANGUAGES.map((language) => `translateSubtitles ${language}`)
  const before = ['admitExecution', 'bringRecording', 'extractAudio', 'transcribeRecording']
  const after = ['publishCaptions', 'completeExecution', 'notify']
  await expectEachOnce(localizations, {
    calls: once([...before, 'makeSubtitles', ...translations, ...after]),
    // 6 for the minute's words, and as many for each of three languages.
    priceCredits: 24,
    branches: ['extract audio', 'transcribe', 'subtitles', ...LANGUAGES.map(translateStep)],
    outputs: ['transcript', ...['en', ...LANGUAGES].map((language) => `${language}.vtt`)],
  })
  for (const { world } of localizations) {
    expect(world.captions.toSorted()).toEqual(['de', 'en', 'es', 'fr'])
  }
})
