import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { joinWords, lettersOf, spokenTokens, textOf } from '../../src/domain/captions/tokens.ts'
import { partOfTranscript } from '../../src/domain/transcript-part.ts'
import type { TimedText, Transcript, TranscriptSegment } from '../../src/domain/transcript.ts'

/** Words that take a second each, one after the other. */
const everySecond = (fromSeconds: number, ...texts: readonly string[]): TimedText[] =>
  texts.map((text, index) => ({
    startSeconds: fromSeconds + index,
    endSeconds: fromSeconds + index + 1,
    text,
  }))

const transcriptOf = (
  segments: readonly TranscriptSegment[],
  words: readonly TimedText[],
): Transcript => ({ language: 'en', durationSeconds: 60, segments, words })

const captionsOf = (transcript: Transcript) =>
  spokenTokens(transcript, 18).map(({ text, startSeconds }) => [text, startSeconds])

const ONE_TO_TEN = transcriptOf(
  [
    { startSeconds: 0, endSeconds: 4, text: 'One two three four.', speaker: 'A' },
    { startSeconds: 4, endSeconds: 20, text: 'Five, six, seven, eight, nine, ten.', speaker: 'B' },
    { startSeconds: 20, endSeconds: 22, text: 'Right. Done!', speaker: 'A' },
  ],
  [
    ...everySecond(0, 'one', 'two', 'three', 'four'),
    ...everySecond(10, 'five', 'six', 'seven', 'eight', 'nine', 'ten'),
    ...everySecond(20, 'right', 'done'),
  ],
)

describe('a part of a transcript', () => {
  it('that ends within a segment has what was said of it by then', () => {
    const part = partOfTranscript(ONE_TO_TEN, 0, 12.5)
    expect(part.segments).toEqual([
      { startSeconds: 0, endSeconds: 4, text: 'One two three four.', speaker: 'A' },
      { startSeconds: 4, endSeconds: 12.5, text: 'Five, six,', speaker: 'B' },
    ])
    expect(captionsOf(part).slice(-2)).toEqual([
      ['Five,', 10],
      ['six,', 11],
    ])
  })

  it('that begins within a segment has the rest of it, said by who said it', () => {
    const part = partOfTranscript(ONE_TO_TEN, 13.5, 22)
    expect(spokenTokens(part, 18).map(({ text, speaker }) => [text, speaker])).toEqual([
      ['nine,', 'B'],
      ['ten.', 'B'],
      ['Right.', 'A'],
      ['Done!', 'A'],
    ])
    expect(part.segments[0]).toMatchObject({ startSeconds: 0, endSeconds: 6.5 })
  })

  it('within one segment has its words', () => {
    const part = partOfTranscript(ONE_TO_TEN, 11, 13)
    expect(captionsOf(part)).toEqual([
      ['six,', 0],
      ['seven,', 1],
    ])
  })

  it('has all of a segment of which nothing but silence is cut off', () => {
    const part = partOfTranscript(ONE_TO_TEN, 5, 20)
    expect(part.segments).toHaveLength(1)
    expect(part.segments[0]).toMatchObject({ startSeconds: 0, endSeconds: 15 })
    expect(part.segments[0]!.text).toBe('Five, six, seven, eight, nine, ten.')
  })

  it('has nothing of a segment that has no word in it', () => {
    expect(partOfTranscript(ONE_TO_TEN, 0, 9.5).segments).toHaveLength(1)
    expect(partOfTranscript(ONE_TO_TEN, 4.5, 9.5)).toMatchObject({ segments: [], words: [] })
  })

  it('does not take the words that are repeated in the next segment for those it has', () => {
    const again = transcriptOf(
      [
        { startSeconds: 0, endSeconds: 4, text: 'No no no no.' },
        { startSeconds: 4, endSeconds: 6, text: 'No, no!' },
      ],
      everySecond(0, 'no', 'no', 'no', 'no', 'no', 'no'),
    )
    expect(captionsOf(partOfTranscript(again, 2, 6))).toEqual([
      ['no', 0],
      ['no.', 1],
      ['No,', 2],
      ['no!', 3],
    ])
  })

  it('without times of words has whole segments alone: nobody knows what is left of others', () => {
    const { segments } = ONE_TO_TEN
    const part = partOfTranscript(transcriptOf(segments, []), 0, 12.5)
    expect(part.segments).toEqual(segments.slice(0, 1))
  })

  it('has words of a script without spaces, without spaces', () => {
    const weather = transcriptOf(
      [{ startSeconds: 0, endSeconds: 6, text: '今日は天気がいい。公園で食べます。' }],
      everySecond(0, '今日', 'は', '天気', 'がいい', '公園で', '食べます'),
    )
    const part = partOfTranscript(weather, 0, 5.5)
    expect(part.segments.map(({ text }) => text)).toEqual(['今日は天気がいい。公園で'])
    expect(textOf(spokenTokens(part, 18))).toBe('今日は天気がいい。公園で')
    // What is one word to readers may be two to an engine, and cut through between them.
    const cut = transcriptOf(
      [{ startSeconds: 0, endSeconds: 3, text: '日本語です。' }],
      everySecond(0, '日', '本語', 'です'),
    )
    expect(textOf(spokenTokens(partOfTranscript(cut, 1, 3), 18))).toBe('本語です')
  })

  it('says punctuation once that an engine tells as a word', () => {
    const words = [...everySecond(0, 'Well', ',', 'yes', '!')]
    const told = transcriptOf([{ startSeconds: 0, endSeconds: 4, text: 'Well, yes!' }], words)
    expect(textOf(spokenTokens(partOfTranscript(told, 0, 4), 18))).toBe('Well, yes!')
  })
})

const seconds = (max: number, min = 0) => fc.double({ min, max, noNaN: true })

/** What an engine has told of some words: their text, another one, or nothing. */
const passages = fc.array(
  fc.record({
    words: fc.array(
      fc.tuple(
        seconds(2),
        seconds(4, 0.01),
        fc.constantFrom('so', 'überall', '今日', 'قال', "don't"),
      ),
      { minLength: 1, maxLength: 8 },
    ),
    told: fc.constantFrom('same', 'same', 'same', 'otherwise', 'nothing'),
    lateSeconds: seconds(3),
  }),
  { maxLength: 8 },
)

type Passages = typeof passages extends fc.Arbitrary<infer Told> ? Told : never

/** No text of a word is within that of another one. */
const recordingOf = (told: Passages) => {
  let atSeconds = 0
  let count = 0
  const spoken = told.map(({ words, ...segment }) => ({
    ...segment,
    words: words.map(([pauseSeconds, lengthSeconds, text]): TimedText => {
      const startSeconds = atSeconds + pauseSeconds
      atSeconds = startSeconds + lengthSeconds
      count += 1
      return { startSeconds, endSeconds: atSeconds, text: `${text}${count}z` }
    }),
  }))
  const segments = spoken.flatMap(({ words, told: how, lateSeconds }, index) => {
    if (how === 'nothing') return []
    const text = how === 'same' ? `${joinWords(words.map((word) => word.text))}!` : 'Something.'
    const { startSeconds } = words[0]!
    const nextSeconds = spoken[index + 1]?.words[0]?.startSeconds ?? Infinity
    const endSeconds = Math.min(nextSeconds, words.at(-1)!.endSeconds + lateSeconds)
    return [{ startSeconds, endSeconds, text }]
  })
  const words = spoken.flatMap((one) => one.words)
  return transcriptOf(segments, words)
}

describe('whatever an engine tells', () => {
  test.prop([passages, seconds(1), seconds(1)])(
    'no word that lies within a part is missing in its captions, and none that does not is there',
    (told, fromRatio, toRatio) => {
      const recording = recordingOf(told)
      const lastSeconds = recording.words.at(-1)?.endSeconds ?? 0
      const startSeconds = fromRatio * lastSeconds
      const endSeconds = startSeconds + toRatio * (lastSeconds - startSeconds)
      const part = partOfTranscript(recording, startSeconds, endSeconds)
      const shown = lettersOf(
        spokenTokens(part, 18)
          .map(({ text }) => text)
          .join(''),
      )
      for (const word of recording.words) {
        const isWithin = word.startSeconds >= startSeconds && word.endSeconds <= endSeconds
        expect(shown.split(lettersOf(word.text)), word.text).toHaveLength(isWithin ? 2 : 1)
      }
      for (const segment of part.segments) {
        expect(segment.startSeconds).toBeGreaterThanOrEqual(0)
        expect(segment.endSeconds).toBeGreaterThanOrEqual(segment.startSeconds)
        expect(segment.endSeconds).toBeLessThanOrEqual(part.durationSeconds)
      }
    },
  )
})
