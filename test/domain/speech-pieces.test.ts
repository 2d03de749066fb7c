import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { speechPieces } from '../../src/domain/speech-pieces.ts'
import { joinTranscripts, tidyTimes } from '../../src/domain/transcript.ts'

const seconds = (max: number) => fc.double({ min: 0, max, noNaN: true })
const silences = fc
  .array(
    fc.record({
      startSeconds: seconds(1000),
      lengthSeconds: fc.double({ min: 0.5, max: 5, noNaN: true }),
    }),
  )
  .map((list) =>
    list
      .toSorted((a, b) => a.startSeconds - b.startSeconds)
      .map(({ startSeconds, lengthSeconds }) => ({
        startSeconds,
        endSeconds: startSeconds + lengthSeconds,
      })),
  )

describe('cutting speech into pieces', () => {
  it('gives pieces that are short enough, follow each other, and are the whole', () => {
    fc.assert(
      fc.property(
        seconds(1000),
        silences,
        fc.integer({ min: 1, max: 300 }),
        (whole, quiet, most) => {
          const pieces = speechPieces(whole, quiet, most)
          expect(pieces[0]?.startSeconds).toBe(0)
          expect(pieces.at(-1)?.endSeconds).toBe(whole)
          for (const [index, { startSeconds, endSeconds }] of pieces.entries()) {
            expect(endSeconds - startSeconds).toBeLessThanOrEqual(most + 1e-6)
            expect(startSeconds).toBe(pieces[index - 1]?.endSeconds ?? 0)
          }
          expect(pieces.length).toBeLessThanOrEqual(2 * Math.ceil(whole / most) + 1)
        },
      ),
    )
  })

  it('cuts in the last silence that a piece has room for', () => {
    const quiet = [6, 8, 13].map((at) => ({ startSeconds: at - 0.5, endSeconds: at + 0.5 }))
    const cuts = speechPieces(15, quiet, 10).map(({ endSeconds }) => endSeconds)
    expect(cuts).toEqual([8, 15])
  })

  it('cuts at the limit where nobody pauses', () => {
    const cuts = speechPieces(25, [], 10).map(({ endSeconds }) => endSeconds)
    expect(cuts).toEqual([10, 20, 25])
  })
})

describe('the times of a transcript', () => {
  it('are numbers within the recording, in order, without overlaps, whatever an engine says', () => {
    const wild = fc.double({ min: -10, max: 100 })
    const parts = fc.array(
      fc.record({
        startSeconds: wild,
        endSeconds: wild,
        text: fc.constantFrom('a', ' b ', '', ' '),
      }),
    )
    fc.assert(
      fc.property(parts, (timed) => {
        let earliest = 0
        for (const { startSeconds, endSeconds, text } of tidyTimes(timed, 60)) {
          expect(startSeconds).toBeGreaterThanOrEqual(earliest)
          expect(endSeconds).toBeGreaterThanOrEqual(startSeconds)
          expect(endSeconds).toBeLessThanOrEqual(60)
          expect(text).toMatch(/^\S$/)
          earliest = endSeconds
        }
      }),
    )
  })

  it('are moved by the start of their piece', () => {
    const word = { startSeconds: 1, endSeconds: 2, text: 'word' }
    const silent = { language: 'la', durationSeconds: 10, segments: [], words: [] }
    const transcript = { ...silent, language: 'en', segments: [word], words: [word] }
    const joined = joinTranscripts([
      { startSeconds: 0, transcript: silent },
      { startSeconds: 10, transcript },
    ])
    const moved = { startSeconds: 11, endSeconds: 12, text: 'word' }
    expect(joined).toEqual({
      language: 'en',
      durationSeconds: 20,
      segments: [moved],
      words: [moved],
    })
  })
})
