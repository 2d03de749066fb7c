import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../../src/domain/branches.ts'
import type { Ladder, Rung } from '../../src/domain/ladder.ts'
import {
  groupProgress,
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
  const sizes = (segmentCount: number, workers: number) =>
    ladderGroups(ladder(segmentCount, RUNGS), workers)[0]?.ranges.map((range) => range.segmentCount)

  it('are one for one worker', () => {
    expect(sizes(30, 1)).toEqual([30])
  })

  it('get smaller towards the end, so that several workers end together', () => {
    expect(sizes(30, 2)).toEqual([8, 6, 4, 3, 3, 2, 2, 2])
    expect(sizes(31, 100)).toEqual([...Array.from({ length: 14 }, () => 2), 3])
    expect(sizes(3, 2)).toEqual([3])
    const withShortEnd = { ...ladder(5, RUNGS), durationSeconds: 17 }
    expect(ladderGroups(withShortEnd, 2)[0]?.ranges).toEqual([
      { firstSegment: 0, segmentCount: 2 },
      { firstSegment: 2, segmentCount: 3 },
    ])
  })

  it('hold no more than five minutes, so that a dead worker costs no more', () => {
    const [group] = ladderGroups(ladder(900, RUNGS), 1)
    expect(group?.ranges).toHaveLength(12)
    expect(Math.max(...group!.ranges.map(({ segmentCount }) => segmentCount * 4))).toBe(300)
    expect(Math.max(...sizes(900, 2)!)).toBe(75)
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
    const groups = ladderGroups(ladder(30, RUNGS), 2)
    expect(groups.map(({ share }) => share)).toEqual([0.2, 0.8])
    const [first, rest] = groups.map((group) => groupProgress(groups, group))
    const parts = [...first!, ...rest!].map(({ progress }) => progress)
    expect(parts[0]?.fromRatio).toBe(0)
    expect(parts.at(-1)?.toRatio).toBeCloseTo(1)
    expect(rest?.[0]?.progress.fromRatio).toBeCloseTo(0.2)
    parts.slice(1).forEach(({ fromRatio }, index) => {
      expect(fromRatio).toBeCloseTo(parts[index]!.toRatio)
    })
  })
})

describe('what stands beside the ladder', () => {
  it('is of the film, however short it is', () => {
    expect(posterConversion(60).at).toBe(2)
    expect(posterConversion(1).at).toBe(0.5)
    expect(previewConversion(60)).toMatchObject({ startSeconds: 1, endSeconds: 4 })
    expect(previewConversion(3)).toMatchObject({ startSeconds: 1, endSeconds: 3 })
    expect(previewConversion(1)).toMatchObject({ startSeconds: null, endSeconds: null })
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
