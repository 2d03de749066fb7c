import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { chooseMoments } from '../../../src/domain/clips/choose-moments.ts'
import { heuristicMoments } from '../../../src/domain/clips/heuristic-moments.ts'
import type { ClipLimits, Moment } from '../../../src/domain/clips/moment.ts'
import { sentencesOf } from '../../../src/domain/clips/sentences.ts'
import type { TimedText } from '../../../src/domain/transcript.ts'

const seconds = (min: number, max: number) => fc.double({ min, max, noNaN: true })

const texts = fc.constantFrom(
  'Why is that?',
  'So we went on.',
  'لماذا؟',
  '今日は晴れです。',
  '🐳🐳',
  'la',
)

/** Sentences one after the other, and what comes after the last. */
const speech = fc
  .tuple(
    fc.array(fc.tuple(seconds(0, 12), seconds(0.2, 24), texts), { maxLength: 80 }),
    seconds(1, 90),
  )
  .map(([parts, restSeconds]) => {
    let at = 0
    const sentences = parts.map(([pauseSeconds, lengthSeconds, text]): TimedText => {
      const startSeconds = at + pauseSeconds
      at = startSeconds + lengthSeconds
      return { startSeconds, endSeconds: at, text }
    })
    return { sentences, durationSeconds: at + restSeconds }
  })

const limitsOf = fc
  .tuple(fc.integer({ min: 1, max: 20 }), seconds(5, 60), seconds(0, 120))
  .map(([count, minSeconds, more]): ClipLimits => ({
    count,
    minSeconds,
    maxSeconds: Math.min(180, minSeconds + more),
  }))

const anyTime = fc.oneof(fc.double(), seconds(-100, 1000))
const score = fc.integer({ min: 0, max: 100 })
const named = fc.array(
  fc.tuple(anyTime, anyTime, score).map(([startSeconds, endSeconds, points]): Moment => ({
    ...{ startSeconds, endSeconds, title: 'A title', hook: '', reason: '', source: 'model' },
    scores: { hook: points, engagement: points, value: points, shareability: points },
  })),
  { maxLength: 500 },
)

const expectGood = (chosen: readonly Moment[], durationSeconds: number, limits: ClipLimits) => {
  const least = Math.min(limits.minSeconds, durationSeconds)
  expect(chosen.length).toBeLessThanOrEqual(limits.count)
  for (const { startSeconds, endSeconds } of chosen) {
    expect(startSeconds).toBeGreaterThanOrEqual(0)
    expect(endSeconds).toBeLessThanOrEqual(durationSeconds)
    expect(endSeconds - startSeconds).toBeGreaterThanOrEqual(least - 1e-5)
    expect(endSeconds - startSeconds).toBeLessThanOrEqual(limits.maxSeconds + 1e-5)
  }
  const inTime = chosen.toSorted((a, b) => a.startSeconds - b.startSeconds)
  for (const [index, one] of inTime.slice(1).entries()) {
    expect(one.startSeconds).toBeGreaterThanOrEqual(inTime[index]!.endSeconds - 1e-5)
  }
}

/** How many clips of whole sentences there can be at most, one after the other: found by trying all. */
const mostOf = (
  sentences: readonly TimedText[],
  { minSeconds, maxSeconds }: ClipLimits,
): number => {
  const most = [0]
  for (const [last, { endSeconds }] of sentences.entries()) {
    const counts = sentences.slice(0, last + 1).flatMap(({ startSeconds }, first) => {
      const lengthSeconds = endSeconds - startSeconds
      return lengthSeconds >= minSeconds && lengthSeconds <= maxSeconds ? [most[first]! + 1] : []
    })
    most.push(Math.max(most[last]!, ...counts))
  }
  return most.at(-1)!
}

describe('moments', () => {
  test.prop([speech, limitsOf, fc.array(seconds(0, 900), { maxLength: 20 }), named])(
    'of a model, filled up by measures, keep to every rule, whatever the model says',
    ({ sentences, durationSeconds }, limits, cuts, moments) => {
      const sceneCutsSeconds = cuts.toSorted((a, b) => a - b)
      const material = { sentences, durationSeconds, sceneCutsSeconds, loudnessLufs: [] }
      const before = chooseMoments(moments, { limits, material })
      expectGood(before, durationSeconds, limits)
      const measured = heuristicMoments(limits, material)
      const chosen = chooseMoments(measured, { limits, material, before })
      expectGood(chosen, durationSeconds, limits)
      expect(chosen.slice(0, before.length)).toEqual(before)
    },
  )

  test.prop([speech, limitsOf])(
    'are as many as there can be clips of whole sentences',
    ({ sentences, durationSeconds }, limits) => {
      const material = { sentences, durationSeconds, sceneCutsSeconds: [], loudnessLufs: [] }
      const chosen = chooseMoments(heuristicMoments(limits, material), { limits, material })
      expect(chosen.length).toBeGreaterThanOrEqual(
        Math.min(limits.count, Math.max(1, mostOf(sentences, limits))),
      )
    },
  )

  test.prop([seconds(1, 900), limitsOf])(
    'of a recording in which nothing is said are as many as fit into it',
    (durationSeconds, limits) => {
      const silent = { sentences: [], sceneCutsSeconds: [], loudnessLufs: [], durationSeconds }
      const chosen = chooseMoments(heuristicMoments(limits, silent), { limits, material: silent })
      const fitting = Math.max(1, Math.floor(durationSeconds / limits.minSeconds + 1e-9))
      expect(chosen).toHaveLength(Math.min(limits.count, fitting))
      expectGood(chosen, durationSeconds, limits)
    },
  )

  it('of one word that is repeated for an hour are found by steps in proportion to the words', () => {
    const words = Array.from({ length: 12_000 }, (_, index) => ({
      startSeconds: index * 0.3,
      endSeconds: index * 0.3 + 0.25,
      text: 'yes.',
    }))
    let readings = 0
    const counted = sentencesOf({
      language: 'en',
      durationSeconds: 3_600,
      segments: [],
      words,
    }).map(
      (sentence) =>
        new Proxy(sentence, {
          get: (target, name) => {
            readings += 1
            return Reflect.get(target, name) as unknown
          },
        }),
    )
    const limits = { count: 6, minSeconds: 20, maxSeconds: 60 }
    const material = {
      ...{ sentences: counted, durationSeconds: 3_600, sceneCutsSeconds: [], loudnessLufs: [] },
    }
    const chosen = chooseMoments(heuristicMoments(limits, material), { limits, material })
    expect(chosen).toHaveLength(6)
    expectGood(chosen, 3_600, limits)
    // Every sentence is looked at a few times, and not once for every other one.
    expect(readings).toBeLessThan(40 * counted.length)
  })

  test.prop([fc.array(fc.tuple(seconds(0, 3), seconds(0.01, 2), texts), { maxLength: 200 })])(
    'are cut from sentences that say each word once, in order, and never endlessly',
    (parts) => {
      let at = 0
      const words = parts.map(([pauseSeconds, lengthSeconds, text]) => {
        const startSeconds = at + pauseSeconds
        at = startSeconds + lengthSeconds
        return { startSeconds, endSeconds: at, text }
      })
      const transcript = { language: 'und', durationSeconds: at, segments: [], words }
      const sentences = sentencesOf(transcript)
      const letters = (said: readonly TimedText[]) =>
        said.map(({ text }) => text.replaceAll(' ', '')).join('')
      expect(letters(sentences)).toBe(letters(words))
      for (const [index, { startSeconds, endSeconds }] of sentences.entries()) {
        expect(startSeconds).toBeGreaterThanOrEqual(sentences[index - 1]?.endSeconds ?? 0)
        expect(endSeconds - startSeconds).toBeLessThan(27)
      }
    },
  )

  it('have titles without spaces where the script has none', () => {
    const words = ['今日', 'は', 'AI', 'の', '話', 'です。', 'Hello', 'world.'].map(
      (text, index) => ({
        ...{ startSeconds: index, endSeconds: index + 0.9, text },
      }),
    )
    const transcript = { language: 'ja', durationSeconds: 9, segments: [], words }
    const sentences = sentencesOf(transcript)
    expect(sentences.map(({ text }) => text)).toEqual(['今日は AI の話です。', 'Hello world.'])
  })

  it('of a speech without spaces are as dense as those of one with them', () => {
    const say = (text: string) => ({
      sentences: [{ startSeconds: 0, endSeconds: 10, text }],
      ...{ durationSeconds: 10, sceneCutsSeconds: [], loudnessLufs: [] },
    })
    const limits = { count: 1, minSeconds: 5, maxSeconds: 10 }
    const [japanese] = heuristicMoments(
      { ...limits, minSeconds: 10 },
      say('私たちは毎日新しい映画を見て長い手紙を書き友達に電話します'),
    )
    const [monotone] = heuristicMoments({ ...limits, minSeconds: 10 }, say('はい'))
    expect(japanese!.scores.value).toBeGreaterThan(2 * monotone!.scores.value)
  })
})
