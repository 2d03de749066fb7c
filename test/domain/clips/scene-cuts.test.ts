import { describe, expect, it } from 'vitest'
import {
  correctedCuts,
  doubtfulParts,
  isSparse,
  sceneCuts,
  type ComparedFrame,
} from '../../../src/domain/clips/scene-cuts.ts'

const FRAME_SECONDS = 0.04

const frame = (number: number, difference = 0.01, surprise = difference): ComparedFrame => ({
  atSeconds: number * FRAME_SECONDS,
  differenceRatio: difference,
  surpriseRatio: surprise,
})
const doubts = (frames: readonly ComparedFrame[]) => doubtfulParts(frames, FRAME_SECONDS)

describe('cuts', () => {
  it('are where much changes at once, and nowhere else', () => {
    const frames = [frame(0, 0.5), frame(1), frame(2, 0.3), frame(3, 0.3, 0.02)]
    expect(sceneCuts(frames)).toEqual([2 * FRAME_SECONDS])
  })

  it('leave no doubt between neighbours, nor does what hardly changes over skipped frames', () => {
    expect(doubts([frame(0), frame(1), frame(2, 0.3, 0.02), frame(3, 0.5)])).toEqual([])
    expect(doubts([frame(0), frame(4), frame(5, 0.5)])).toEqual([])
    expect(doubts([frame(0), frame(4), frame(8, 0.05)])).toEqual([])
    expect(doubts([])).toEqual([])
  })

  it('are in doubt where frames before them were skipped, were it only for what moved before', () => {
    const over = { startSeconds: 4 * FRAME_SECONDS, endSeconds: 8 * FRAME_SECONDS }
    expect(doubts([frame(0), frame(4), frame(8, 0.5)])).toEqual([over])
    expect(doubts([frame(0), frame(4), frame(8, 0.2, 0.02)])).toEqual([over])
    const after = { startSeconds: 4 * FRAME_SECONDS, endSeconds: 5 * FRAME_SECONDS }
    expect(doubts([frame(0), frame(4, 0.07), frame(5, 0.1, 0.03)])).toEqual([after])
  })

  it('that are near each other are in doubt together, and those far apart each alone', () => {
    const near = doubts([frame(0), frame(4, 0.5), frame(50), frame(54, 0.5)])
    expect(near).toEqual([{ startSeconds: 0, endSeconds: 54 * FRAME_SECONDS }])
    const far = doubts([frame(0), frame(4, 0.5), frame(400), frame(404, 0.5)])
    expect(far).toHaveLength(2)
  })

  it('of a closer look take the place of all others in its part, and of no others', () => {
    const part = { startSeconds: 1, endSeconds: 2 }
    const about = { part, frameSeconds: FRAME_SECONDS }
    expect(correctedCuts([0.5, 2.0000001, 3], [0.96, 1, 1.96, 2.04], about)).toEqual([0.5, 1.96, 3])
    expect(correctedCuts([0.5, 1, 2, 3], [], about)).toEqual([0.5, 1, 3])
  })
})

describe('frames of a video', () => {
  it('are too few where a sample has none of its own', () => {
    expect(isSparse([frame(0), frame(5), frame(10)], 0.2)).toBe(false)
    expect(isSparse([frame(0), frame(5), frame(11)], 0.2)).toBe(true)
  })
})
