/** Of a moment that has to make room for others, something is left: what is said of it has to be true of that. */

import { describe, expect, it } from 'vitest'
import { chooseMoments } from '../../../src/domain/clips/choose-moments.ts'
import { heuristicMoments } from '../../../src/domain/clips/heuristic-moments.ts'
import type { ClipMaterial, Moment } from '../../../src/domain/clips/moment.ts'

const TALK = [
  'Welcome back.',
  'Today I met a whale.',
  'Why did it sing?',
  'It was calling.',
  'My boat was old.',
  'The engine died at noon.',
  'Nobody answered the radio.',
  'So I began to row.',
]

/** A sentence of four seconds every five. */
const material: ClipMaterial = {
  durationSeconds: 40,
  sceneCutsSeconds: [],
  loudnessLufs: [],
  sentences: TALK.map((text, index) => ({
    ...{ startSeconds: index * 5 + 0.5, endSeconds: index * 5 + 4.5, text },
  })),
}

const named = (title: string, startSeconds: number, endSeconds: number, score = 50): Moment => ({
  ...{ startSeconds, endSeconds, title, hook: `${title}!`, reason: 'A reason', source: 'model' },
  scores: { hook: score, engagement: score, value: score, shareability: score },
})

const choose = (count: number, maxSeconds: number, candidates: readonly Moment[]) =>
  chooseMoments(candidates, { limits: { count, minSeconds: 5, maxSeconds }, material })

describe('a moment of a model', () => {
  it('keeps what was said of it as long as it is moved to the edges of sentences only', () => {
    const [clip] = choose(1, 20, [named('The whale', 6.2, 19)])
    expect(clip).toMatchObject({ title: 'The whale', hook: 'The whale!', source: 'model' })
  })

  it('of which only the end has room begins with another hook, and keeps its title', () => {
    const [, clip] = choose(2, 20, [named('The whale', 5, 15, 90), named('The row', 10, 40)])
    expect(clip).toMatchObject({ title: 'The row', hook: 'It was calling.', source: 'model' })
    expect(clip!.startSeconds).toBeGreaterThan(14)
  })

  it('of which less than half of the words are left is described by them', () => {
    const [, clip] = choose(2, 30, [named('The boat', 20, 40, 90), named('The row', 14, 40)])
    expect(clip!.endSeconds).toBeLessThanOrEqual(20)
    expect(clip).toMatchObject({ source: 'heuristic' })
    expect(TALK).toContain(clip!.title)
    expect([clip!.hook, clip!.reason]).not.toContain('A reason')
  })

  it('that ends sooner, so that there are as many clips as asked for, is described by what is left', () => {
    const [clip] = choose(8, 40, [named('The row', 0, 40)])
    expect(clip).toMatchObject({ title: 'Welcome back.', hook: 'Welcome back.' })
    expect(clip).toMatchObject({ startSeconds: 0.35, source: 'heuristic' })
  })
})

describe('a moment that is measured', () => {
  it('is called what is said first in it, wherever it had to begin', () => {
    const limits = { count: 5, minSeconds: 5, maxSeconds: 12 }
    const clips = chooseMoments(heuristicMoments(limits, material), { limits, material })
    expect(clips).toHaveLength(5)
    for (const { startSeconds, title, hook } of clips) {
      const first = material.sentences.find((one) => one.startSeconds >= startSeconds)
      expect([title, hook]).toEqual([first!.text, first!.text])
    }
  })

  it('has a title though it is within a sentence', () => {
    const text = 'And so it went on and on'
    const endless = { ...material, sentences: [{ startSeconds: 0, endSeconds: 40, text }] }
    const limits = { count: 1, minSeconds: 5, maxSeconds: 10 }
    const clips = chooseMoments(heuristicMoments(limits, endless), { limits, material: endless })
    expect(clips).toMatchObject([{ title: text, hook: text }])
  })
})
