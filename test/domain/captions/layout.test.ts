import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readableLength } from '../../../src/domain/captions/graphemes.ts'
import {
  layOutCues,
  usualCaptionLimits,
  type CaptionLimits,
} from '../../../src/domain/captions/layout.ts'
import type { TimedText, Transcript } from '../../../src/domain/transcript.ts'

const LIMITS = usualCaptionLimits('en')

/** Words one after the other, each as long as its text takes to say, with the given pauses before. */
const speak = (
  words: readonly string[],
  options: {
    charsPerSecond?: number
    pause?: number
    pauses?: Readonly<Record<number, number>>
  } = {},
): TimedText[] => {
  const { charsPerSecond = 12, pause = 0.05, pauses = {} } = options
  let atSeconds = 0
  return words.map((text, index) => {
    const startSeconds = atSeconds + (pauses[index] ?? pause)
    atSeconds = startSeconds + readableLength(text) / charsPerSecond
    return { startSeconds, endSeconds: atSeconds, text }
  })
}

const transcriptOf = (words: readonly TimedText[], segments: Transcript['segments'] = []) => ({
  language: 'en',
  durationSeconds: (words.at(-1)?.endSeconds ?? 0) + 1,
  segments,
  words,
})

const segmentOf = (words: readonly TimedText[], text: string) => ({
  startSeconds: words[0]?.startSeconds ?? 0,
  endSeconds: words.at(-1)?.endSeconds ?? 0,
  text,
})

const withoutSpaces = (text: string) => text.replaceAll(/\s/g, '')

const SCRIPTS = [
  'the quick brown fox jumps over lazy dogs because nobody told them otherwise',
  'سمعنا أن القطار سيصل متأخرا هذا المساء بسبب الثلوج',
  'שלום לכולם ברוכים הבאים אל הסרטון החדש שלנו',
  '今日はとても天気がいいので公園で昼ごはんを食べました',
  '我们今天要介绍一个新的视频处理系统',
  '👩‍👩‍👧‍👦 family 🏳️‍🌈 flag 👍🏽 thumbs naïve Ζεύς',
].flatMap((text) => text.split(' '))

const wordTexts = fc.array(fc.constantFrom(...SCRIPTS), { minLength: 1, maxLength: 60 })
const limitsOf: fc.Arbitrary<CaptionLimits> = fc.record({
  charsPerLineMax: fc.integer({ min: 8, max: 60 }),
  linesMax: fc.integer({ min: 1, max: 3 }),
  charsPerSecondMax: fc.integer({ min: 8, max: 30 }),
})
const spoken = wordTexts.chain((texts) =>
  fc
    .record({
      // So that no word of ours takes as long as none does.
      charsPerSecond: fc.integer({ min: 10, max: 40 }),
      pauses: fc.dictionary(
        fc.nat({ max: 60 }).map(String),
        fc.double({ min: 0, max: 5, noNaN: true }),
      ),
    })
    .map(({ charsPerSecond, pauses }) => speak(texts, { charsPerSecond, pauses })),
)

describe('laying out subtitles', () => {
  it('keeps every subtitle within its lines, and every line within its length', () => {
    fc.assert(
      fc.property(spoken, limitsOf, (words, limits) => {
        for (const { text } of layOutCues(transcriptOf(words), limits)) {
          const lines = text.split('\n')
          expect(lines.length).toBeLessThanOrEqual(limits.linesMax)
          for (const line of lines) {
            expect(readableLength(line)).toBeLessThanOrEqual(limits.charsPerLineMax)
          }
        }
      }),
    )
  })

  it('loses no character of any script and changes none', () => {
    fc.assert(
      fc.property(spoken, limitsOf, (words, limits) => {
        const shown = layOutCues(transcriptOf(words), limits).map(({ text }) => text)
        const said = words.map(({ text }) => text)
        expect(withoutSpaces(shown.join(''))).toBe(withoutSpaces(said.join('')))
      }),
    )
  })

  it('never shows two at once, nor one before it is said', () => {
    fc.assert(
      fc.property(spoken, limitsOf, (words, limits) => {
        let beforeSeconds = 0
        for (const { startSeconds, endSeconds } of layOutCues(transcriptOf(words), limits)) {
          expect(startSeconds).toBeGreaterThanOrEqual(beforeSeconds)
          expect(endSeconds).toBeGreaterThan(startSeconds)
          beforeSeconds = endSeconds
        }
      }),
    )
  })

  it('leaves silence without subtitles, but for the half second that reading may take', () => {
    fc.assert(
      fc.property(spoken, limitsOf, (words, limits) => {
        const cues = layOutCues(transcriptOf(words), limits)
        for (const [index, word] of words.entries()) {
          const until = words[index + 1]?.startSeconds ?? Infinity
          if (until - word.endSeconds < 0.7) continue
          const over = cues.filter(
            ({ startSeconds, endSeconds }) =>
              startSeconds < until - 0.002 && endSeconds > word.endSeconds + 0.502,
          )
          expect(over).toEqual([])
        }
      }),
    )
  })

  it('never goes faster than the reader where the speaker does not', () => {
    const calm = fc.tuple(wordTexts, fc.integer({ min: 10, max: 25 })).map(([texts, speed]) => ({
      speed,
      // A character more for the space, and a tenth for the rounding of times.
      words: speak(texts, { charsPerSecond: speed * 0.9, pause: 1 / (speed * 0.9) }),
    }))
    fc.assert(
      fc.property(calm, ({ words, speed }) => {
        const limits = { ...LIMITS, charsPerSecondMax: speed }
        for (const cue of layOutCues(transcriptOf(words), limits)) {
          const length = readableLength(cue.text.replaceAll('\n', ' '))
          expect(length / (cue.endSeconds - cue.startSeconds)).toBeLessThanOrEqual(speed)
        }
      }),
    )
  })

  it('does not believe an engine that stretches a word over the silence after it', () => {
    const words = [{ startSeconds: 1, endSeconds: 25, text: 'Silence' }]
    expect(layOutCues(transcriptOf(words), LIMITS)[0]?.endSeconds).toBe(4)
  })

  it('ends with the last word when that is enough to read', () => {
    const words = speak(['Good', 'morning', 'everybody', 'here.'], { charsPerSecond: 8 })
    const [cue] = layOutCues(transcriptOf(words), LIMITS)
    expect(cue?.endSeconds).toBeCloseTo(words.at(-1)?.endSeconds ?? 0, 3)
  })

  it('takes punctuation from the segments and times from the words', () => {
    const words = speak(['hello', 'world', 'how', 'are', 'you'], { pauses: { 2: 2 } })
    const segments = [segmentOf(words, ' Hello, world! How are you?')]
    const cues = layOutCues(transcriptOf(words, segments), LIMITS)
    expect(cues.map(({ text }) => text)).toEqual(['Hello, world!', 'How are you?'])
    expect(cues[1]?.startSeconds).toBeCloseTo(words[2]?.startSeconds ?? 0, 3)
  })

  it('believes the words when the segments say something else', () => {
    const words = speak(['one', 'two'])
    const cues = layOutCues(transcriptOf(words, [segmentOf(words, 'Eleven!')]), LIMITS)
    expect(cues.map(({ text }) => text)).toEqual(['one two'])
  })

  it('shares out the time of a segment whose words have none', () => {
    const text = 'First there is a rather long sentence. Then comes another one, just as long.'
    const segments = [{ startSeconds: 10, endSeconds: 18, text }]
    const cues = layOutCues({ language: 'en', durationSeconds: 20, segments, words: [] }, LIMITS)
    expect(cues.map((cue) => cue.text.replaceAll('\n', ' '))).toEqual([
      'First there is a rather long sentence.',
      'Then comes another one, just as long.',
    ])
    expect(cues[0]?.startSeconds).toBe(10)
    expect(cues[1]?.startSeconds).toBeGreaterThan(13)
  })

  it('parts the subtitles of two speakers', () => {
    const words = speak(['Yes', 'No'])
    const [yes, no] = words
    const segments = [
      { ...segmentOf(yes ? [yes] : [], 'Yes.'), speaker: 'A' },
      { ...segmentOf(no ? [no] : [], 'No.'), speaker: 'B' },
    ]
    const cues = layOutCues(transcriptOf(words, segments), LIMITS)
    expect(cues.map(({ text }) => text)).toEqual(['Yes.', 'No.'])
  })

  it('breaks Japanese between words, and never before a full stop', () => {
    const text = '今日はとても天気がいいので、公園で昼ごはんを食べました。'
    const segments = [{ startSeconds: 0, endSeconds: 6, text }]
    const limits = usualCaptionLimits('ja-JP')
    const cues = layOutCues({ language: 'ja', durationSeconds: 6, segments, words: [] }, limits)
    const lines = cues.flatMap((cue) => cue.text.split('\n'))
    expect(lines.join('')).toBe(text)
    for (const line of lines) expect(line).not.toMatch(/^[。、]/)
    expect(Math.max(...lines.map(readableLength))).toBeLessThanOrEqual(16)
  })

  it('makes no subtitles of silence', () => {
    expect(layOutCues(transcriptOf([]), LIMITS)).toEqual([])
  })

  it('lays out half a day of speech in seconds', { timeout: 60_000 }, () => {
    const words = speak(Array.from({ length: 100_000 }, (_, index) => SCRIPTS[index % 12] ?? ''))
    const before = process.threadCpuUsage()
    expect(layOutCues(transcriptOf(words), LIMITS).length).toBeGreaterThan(5_000)
    expect(process.threadCpuUsage(before).user / 1e6).toBeLessThan(10)
  })
})
