/** Prices, in whole credits. One credit is one second of rendered video; a begun second counts. */

import { planTerms, type Plan } from './plans.ts'
import { clipStep, translateStep } from './steps.ts'
import type { TaskKind } from './task-kinds.ts'
import { toMilliseconds } from './to-milliseconds.ts'

/** The price of rendering a region of a song. Rounded first to the millisecond, so that the float
 * 14.500000000000002 does not cost what 15 s cost twice. */
export const renderPriceCredits = (startSeconds: number, endSeconds: number): number =>
  Math.max(1, Math.ceil(toMilliseconds(endSeconds - startSeconds)))

/** What is paid for each begun `unitSeconds` of media; a picture is one unit. */
interface Price {
  readonly credits: number
  readonly unitSeconds: number
}

/** By what the work takes of a machine, measured against a second of rendered video. */
const TASK_PRICES: Readonly<Record<TaskKind, Price>> = {
  render: { credits: 1, unitSeconds: 1 },
  video: { credits: 1, unitSeconds: 5 },
  audio: { credits: 1, unitSeconds: 60 },
  image: { credits: 1, unitSeconds: Infinity },
  adaptive_video: { credits: 1, unitSeconds: 2 },
  transcription: { credits: 1, unitSeconds: 10 },
  subtitles: { credits: 1, unitSeconds: 10 },
  translation: { credits: 1, unitSeconds: 10 },
  waveform: { credits: 1, unitSeconds: 300 },
  storyboard: { credits: 1, unitSeconds: 60 },
}

/** Rounded first to the millisecond, so that float noise never costs a unit. */
const begunUnits = (durationSeconds: number, unitSeconds: number): number =>
  Math.max(1, Math.ceil(toMilliseconds(durationSeconds) / unitSeconds))

const taskUnits = (work: TaskKind, durationSeconds: number): number => {
  const { credits, unitSeconds } = TASK_PRICES[work]
  return credits * begunUnits(durationSeconds, unitSeconds)
}

const unlessFree = (plan: Plan, prices: Readonly<Record<string, number>>) =>
  planTerms(plan).billed ? prices : {}

/** What the steps of a stream cost: as much as the tasks that would make the same. */
export const streamStepPrices = (
  plan: Plan,
  durationSeconds: number,
): Readonly<Record<string, number>> =>
  unlessFree(plan, {
    ladder: taskUnits('adaptive_video', durationSeconds),
    poster: taskUnits('image', 0),
    preview: taskUnits('image', 0),
    transcript: taskUnits('transcription', durationSeconds),
    storyboard: taskUnits('storyboard', durationSeconds),
    waveform: taskUnits('waveform', durationSeconds),
  })

/** What the steps of a localization cost, each language for itself. */
export const localizeStepPrices = (
  plan: Plan,
  languages: readonly string[],
  durationSeconds: number,
): Readonly<Record<string, number>> =>
  unlessFree(plan, {
    transcribe: taskUnits('transcription', durationSeconds),
    subtitles: 0,
    ...Object.fromEntries(
      languages.map((language) => [
        translateStep(language),
        taskUnits('translation', durationSeconds),
      ]),
    ),
  })

/** Whatever its length: the crop, the captions and the encode of a minute. */
const CLIP_CREDITS = 12

/** What the steps of an order of clips cost; each clip for itself. */
export const clipStepPrices = (
  plan: Plan,
  numbers: readonly number[],
  durationSeconds: number,
): Readonly<Record<string, number>> =>
  unlessFree(plan, {
    transcribe: taskUnits('transcription', durationSeconds),
    ...Object.fromEntries(numbers.map((number) => [clipStep(number), CLIP_CREDITS])),
  })

/** The price of a task ordered directly, by the length of what is worked on: nothing for plans that are
 * not billed. */
export const taskPriceCredits = (plan: Plan, work: TaskKind, durationSeconds: number): number => {
  return planTerms(plan).billed ? taskUnits(work, durationSeconds) : 0
}
