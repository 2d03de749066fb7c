import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../../src/domain/branches.ts'
import type { Ladder, Rung } from '../../src/domain/ladder.ts'
import {
  ladderGroups,
  ladderWish,
  posterConversion,
  previewConversion,
} from '../../src/domain/stream-plan.ts'

const rung = (name: string, heightPx: number, method: Rung['method'] = 'encode'): Rung => ({
  name,
  widthPx: heightPx * 2,
  heightPx,
  videoRange: 'SDR',
  method,
  bitrateKbpsMax: 1_000,
})

/** Segments of four seconds. */
const ladder = (segmentCount: number, rungs: readonly Rung[]): Ladder =>
  ({ segmentCount, durationSeconds: segmentCount * 4, rungs, audio: [] }) as unknown as Ladder

const RUNGS = [rung('v-720', 720), rung('v-360', 360)]

describe('the ranges of a ladder', () => {
  it('are one for one worker, and enough to keep several busy', () => {
    const counts = (workers: number) =>
      ladderGroups(ladder(30, RUNGS), workers).map(({ ranges }) => ranges.length)
    expect(counts(1)).toEqual([1, 1])
    expect(counts(2)).toEqual([4, 4])
    expect(counts(100)).toEqual([15, 15])
  })

  it('hold no more than five minutes, so that a dead worker costs no more', () => {
    const [group] = ladderGroups(ladder(900, RUNGS), 1)
    expect(group?.ranges).toHaveLength(12)
    expect(Math.max(...group!.ranges.map(({ segmentCount }) => segmentCount * 4))).toBe(300)
  })

  it('cover every segment once', () => {
    for (const workers of [1, 2, 3, 7]) {
      for (const { ranges } of ladderGroups(ladder(31, RUNGS), workers)) {
        const segments = ranges.flatMap(({ firstSegment, segmentCount }) =>
          Array.from({ length: segmentCount }, (_, index) => firstSegment + index),
        )
        expect(segments).toEqual(Array.from({ length: 31 }, (_, index) => index))
      }
    }
  })

  it('are never made of a copy, which takes no time', () => {
    const [copied] = ladderGroups(ladder(30, [rung('v-720', 720, 'copy'), rung('v-360', 360)]), 4)
    expect(copied).toMatchObject({ rungNames: ['v-720'], ranges: [{ segmentCount: 30 }] })
  })

  it('make up the whole work together', () => {
    const shares = ladderGroups(ladder(30, RUNGS), 2).map(({ share }) => share)
    expect(shares).toEqual([0.2, 0.8])
  })
})

describe('what stands beside the ladder', () => {
  it('is of the film, however short it is', () => {
    expect(posterConversion(60).at).toBe(2)
    expect(posterConversion(1).at).toBe(0.5)
    expect(previewConversion(60, 'gif')).toMatchObject({ startSeconds: 1, endSeconds: 4 })
    expect(previewConversion(3, 'webp')).toMatchObject({ startSeconds: 1, endSeconds: 3 })
    expect(previewConversion(1, 'gif')).toMatchObject({ startSeconds: null, endSeconds: null })
  })

  it('an order that wishes nothing has the usual rungs', () => {
    expect(ladderWish({})).toEqual({ renditions: 'auto', hdr: false, audioTracks: 'first' })
    expect(ladderWish({ renditions: [720] }).renditions).toEqual([720])
  })
})

describe('the outcome of branches', () => {
  const of = (...outcomes: Parameters<typeof outcomeOf>[0][number]['outcome'][]) =>
    outcomeOf(
      outcomes.map((outcome) => ({ outcome })),
      { deliveredBefore: false },
    )

  it('is what was delivered, and an error only if nothing was', () => {
    expect(of('completed', 'skipped')).toBe('completed')
    expect(of('completed', 'failed')).toBe('partial')
    expect(of('failed', 'skipped')).toBe('error')
    expect(of('failed', 'canceled', 'completed')).toBe('canceled')
    expect(outcomeOf([{ outcome: 'failed' }], { deliveredBefore: true })).toBe('partial')
  })
})
