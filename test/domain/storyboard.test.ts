import { describe, expect, it } from 'vitest'
import { DEFAULT_STORYBOARD } from '../../src/domain/media-conversions.ts'
import { planStoryboard, storyboardSource } from '../../src/domain/storyboard.ts'

/** Four tiles of a second each. */
const plan = planStoryboard(DEFAULT_STORYBOARD, 4)
const every = (stepSeconds: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ packet: index * 5, seconds: index * stepSeconds }))

describe('the pictures of a storyboard', () => {
  it('are of each tile the last key frame before its middle', () => {
    const { keyFramesOnly, chosen } = storyboardSource(plan, every(0.2, 20))
    expect(keyFramesOnly).toBe(true)
    expect(chosen?.map(({ packet }) => packet)).toEqual([10, 35, 60, 85])
  })

  it('are the nearest before it where a film has fewer key frames later on', () => {
    const long = planStoryboard(DEFAULT_STORYBOARD, 64)
    const frames = [...every(0.2, 302), { packet: 1_600, seconds: 63.9 }]
    const { chosen } = storyboardSource(long, frames)
    expect(chosen?.slice(-2).map(({ seconds }) => Math.round(seconds * 10))).toEqual([594, 602])
  })

  it('are all key frames where most of them are shown', () => {
    const frames = every(0.7, 6)
    expect(storyboardSource(plan, frames)).toEqual({ keyFramesOnly: true, chosen: null })
  })

  it.each([
    ['lie further apart than the tiles', [...every(0.2, 15), { packet: 99, seconds: 3.9 }]],
    ['are one', every(1, 1)],
    ['are none', []],
  ])('are all frames where the key frames %s', (_what, frames) => {
    expect(storyboardSource(plan, frames)).toEqual({ keyFramesOnly: false, chosen: null })
  })
})
