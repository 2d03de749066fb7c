import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { chooseMoments } from '../../../src/domain/clips/choose-moments.ts'
import { heuristicMoments } from '../../../src/domain/clips/heuristic-moments.ts'
import type { ClipMaterial, Moment } from '../../../src/domain/clips/moment.ts'
import { sentencesOf } from '../../../src/domain/clips/sentences.ts'

const limits = { count: 4, minSeconds: 15, maxSeconds: 60 }

const moment = (startSeconds: number, endSeconds: number, score = 50): Moment => ({
  startSeconds,
  endSeconds,
  title: 'A title',
  hook: 'A hook',
  reason: 'A reason',
  source: 'model',
  scores: { hook: score, engagement: score, value: score, shareability: score },
})

/** A sentence of four seconds every five. */
const talk = (durationSeconds: number): ClipMaterial => ({
  durationSeconds,
  sceneCutsSeconds: [],
  loudnessLufs: [],
  sentences: Array.from({ length: Math.floor(durationSeconds / 5) }, (_, index) => ({
    startSeconds: index * 5 + 0.5,
    endSeconds: index * 5 + 4.5,
    text: 'What is it that we see here, and what follows from it?',
  })),
})

const anyTime = fc.oneof(fc.double(), fc.double({ min: -100, max: 800, noNaN: true }))

describe('the choice of moments', () => {
  test.prop([fc.array(fc.tuple(anyTime, anyTime), { maxLength: 500 })])(
    'gives moments within the recording and the limits that never overlap, whatever is proposed',
    (spans) => {
      const chosen = chooseMoments(
        spans.map(([start, end]) => moment(start, end)),
        { limits, material: talk(600) },
      )
      expect(chosen.length).toBeLessThanOrEqual(limits.count)
      for (const { startSeconds, endSeconds } of chosen) {
        expect(startSeconds).toBeGreaterThanOrEqual(0)
        expect(endSeconds).toBeLessThanOrEqual(600)
        expect(endSeconds - startSeconds).toBeGreaterThanOrEqual(limits.minSeconds - 1e-6)
        expect(endSeconds - startSeconds).toBeLessThanOrEqual(limits.maxSeconds + 1e-6)
      }
      const inTime = chosen.toSorted((a, b) => a.startSeconds - b.startSeconds)
      for (const [index, one] of inTime.slice(1).entries()) {
        expect(one.startSeconds).toBeGreaterThanOrEqual(inTime[index]!.endSeconds)
      }
    },
  )

  it('begins and ends with whole sentences', () => {
    const [chosen] = chooseMoments([moment(21.7, 47)], { limits, material: talk(600) })
    expect(chosen!.startSeconds).toBeCloseTo(20.35)
    expect(chosen!.endSeconds).toBeCloseTo(44.65)
  })

  it('moves to a cut where nothing is said', () => {
    const sceneCutsSeconds = [20.4, 49.8]
    const silent = { durationSeconds: 100, sentences: [], sceneCutsSeconds, loudnessLufs: [] }
    const [chosen] = chooseMoments([moment(20, 50)], { limits, material: silent })
    expect(chosen).toMatchObject({ startSeconds: 20.4, endSeconds: 49.8 })
  })

  it('takes reversed times for what was meant', () => {
    expect(chooseMoments([moment(50, 20)], { limits, material: talk(600) })).toHaveLength(1)
  })

  it('gives the best first, and of two that overlap the better one', () => {
    const chosen = chooseMoments([moment(0, 30, 20), moment(10, 40, 90), moment(100, 130, 50)], {
      limits,
      material: talk(600),
    })
    expect(chosen.map(({ scores }) => scores.hook)).toEqual([90, 50])
  })

  it('lets a moment at the very end begin earlier', () => {
    const [chosen] = chooseMoments([moment(595, 600)], { limits, material: talk(600) })
    expect(chosen!.endSeconds).toBeGreaterThan(594)
    expect(chosen!.endSeconds - chosen!.startSeconds).toBeGreaterThanOrEqual(15 - 1e-6)
  })

  it('gives as many as there is room for, and lets some begin later for that', () => {
    const silent = { sentences: [], sceneCutsSeconds: [], loudnessLufs: [] }
    const material = { durationSeconds: 24, ...silent }
    const narrow = { count: 3, minSeconds: 5, maxSeconds: 10 }
    const chosen = chooseMoments([moment(8, 17, 90), moment(2, 11, 50), moment(12, 21, 40)], {
      limits: narrow,
      material,
    })
    expect(chosen).toHaveLength(3)
  })

  it('makes one clip of a recording that is shorter than the shortest clip', () => {
    const [chosen, ...others] = chooseMoments([moment(2, 6)], { limits, material: talk(8) })
    expect(chosen!.endSeconds - chosen!.startSeconds).toBeCloseTo(8)
    expect(others).toEqual([])
  })
})

describe('the moments that measures find', () => {
  it('are as many as are asked for, where the material allows it', () => {
    const material = talk(600)
    expect(chooseMoments(heuristicMoments(limits, material), { limits, material })).toHaveLength(4)
  })

  it('are found by scenes and loudness where nothing is said', () => {
    const loud = Array.from({ length: 200 }, (_, second) =>
      second >= 100 && second < 140 ? -12 : -30,
    )
    const sceneCutsSeconds = [50, 100, 110, 120, 150]
    const material = { durationSeconds: 200, sentences: [], sceneCutsSeconds, loudnessLufs: loud }
    const [best] = chooseMoments(heuristicMoments(limits, material), { limits, material })
    const loudSeconds = Math.min(best!.endSeconds, 140) - Math.max(best!.startSeconds, 100)
    expect(loudSeconds).toBeGreaterThan(20)
  })

  it('prefer people who say something to one word an hour long', () => {
    const monotone = Array.from({ length: 60 }, (_, index) => ({
      startSeconds: index * 5,
      endSeconds: index * 5 + 4.8,
      text: 'yes yes yes yes yes yes yes yes.',
    }))
    const lively = Array.from({ length: 6 }, (_, index) => ({
      startSeconds: 310 + index * 5,
      endSeconds: 310 + index * 5 + 4.8,
      text: `Why do whales number ${index} sing at night, and who listens to such deep slow songs?`,
    }))
    const sentences = [...monotone, ...lively]
    const material = { durationSeconds: 400, sentences, sceneCutsSeconds: [], loudnessLufs: [] }
    const [best] = chooseMoments(heuristicMoments(limits, material), { limits, material })
    expect(best!.startSeconds).toBeGreaterThan(285)
  })
})

describe('sentences', () => {
  const word = (startSeconds: number, text: string) => ({
    startSeconds,
    endSeconds: startSeconds + 0.3,
    text,
  })
  const transcript = (words: ReturnType<typeof word>[]) => ({
    language: 'en',
    durationSeconds: 60,
    segments: [],
    words,
  })

  it('end at closing marks of any script, and at pauses', () => {
    const words = [
      word(0, 'Hello.'),
      word(0.4, 'مرحبا؟'),
      word(0.8, 'こんにちは。'),
      word(1.2, 'and'),
      word(3, 'then'),
    ]
    expect(sentencesOf(transcript(words)).map(({ text }) => text)).toEqual([
      'Hello.',
      'مرحبا؟',
      'こんにちは。',
      'and',
      'then',
    ])
  })

  it('of speech without any mark or pause are not endless', () => {
    const words = Array.from({ length: 400 }, (_, index) => ({
      startSeconds: index * 0.3,
      endSeconds: index * 0.3 + 0.3,
      text: 'la',
    }))
    for (const { startSeconds, endSeconds } of sentencesOf(transcript(words))) {
      expect(endSeconds - startSeconds).toBeLessThanOrEqual(24.5)
    }
  })
})
