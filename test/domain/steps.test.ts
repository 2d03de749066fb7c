import { describe, expect, it } from 'vitest'
import {
  PIPELINE_STEPS,
  runsAfterEnd,
  STEP_OF_ACTIVITY,
  stepOfActivity,
} from '../../src/domain/steps.ts'

const parts = Object.entries(STEP_OF_ACTIVITY).flatMap(([activity, { step }]) =>
  typeof step === 'string' ? [stepOfActivity(activity, {})!] : [],
)
const partsOf = (step: string) => parts.filter((part) => part.step === step).map(({ part }) => part)

describe('steps', () => {
  it('every activity with a step belongs to a step of a pipeline', () => {
    const known: readonly string[] = Object.values(PIPELINE_STEPS).flat()
    expect(parts.map(({ step }) => step).filter((step) => !known.includes(step))).toEqual([])
  })

  it('a step that an activity opens is closed by another, so that it cannot stay open', () => {
    const opened = parts.filter(({ part }) => part === 'opens').map(({ step }) => step)
    expect(opened).not.toEqual([])
    expect(opened.map((step) => partsOf(step).toSorted())).toEqual(
      opened.map(() => ['closes', 'opens']),
    )
  })

  it('no step is closed that nobody opened', () => {
    const closed = parts.filter(({ part }) => part === 'closes').map(({ step }) => step)
    expect(closed.filter((step) => !partsOf(step).includes('opens'))).toEqual([])
  })

  it('taking the sound out is all of its step where the video has a step of its own', () => {
    const stepFor = (recording: object) => stepOfActivity('extractAudio', { recording })
    expect(stepFor({ mediaId: 'med_1' })).toEqual({ step: 'extract audio', part: 'closes' })
    const footage = { mediaId: 'med_1', clipsFolderKey: 'media/clips' }
    expect(stepFor(footage)).toEqual({ step: 'extract audio', part: 'whole' })
  })

  it('a pipeline lists each step once', () => {
    for (const steps of Object.values(PIPELINE_STEPS)) {
      expect(new Set(steps).size).toBe(steps.length)
    }
  })

  it('only the notification runs after the end, and it is the last step', () => {
    expect(PIPELINE_STEPS.render.filter(runsAfterEnd)).toEqual([PIPELINE_STEPS.render.at(-1)])
  })
})
