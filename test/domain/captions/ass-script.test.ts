import fc from 'fast-check'
import { test as prop } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { captionLook } from '../../../src/domain/captions/ass-look.ts'
import { pagesOf } from '../../../src/domain/captions/ass-pages.ts'
import { writeAssScript } from '../../../src/domain/captions/ass-script.ts'
import { spokenTokens } from '../../../src/domain/captions/tokens.ts'
import type { CaptionStyle } from '../../../src/domain/generation/job-params.ts'
import type { TimedText } from '../../../src/domain/transcript.ts'

const FRAME = { widthPx: 1080, heightPx: 1920 }
const LIMITS = {
  lineWidth: 400,
  spaceWidth: 10,
  linesMax: 2,
  wordsMax: 6,
  widthOf: (text: string) => 20 * text.length,
}

const spoken = (words: readonly TimedText[]) =>
  spokenTokens({ language: 'en', durationSeconds: 1e6, segments: [], words }, 18)

/** Words in the order of time, some of them with pauses between. */
const timedWords = fc
  .array(
    fc.record({
      text: fc.oneof(fc.stringMatching(/^[a-z{}\\.,!]{1,30}$/), fc.string({ unit: 'grapheme' })),
      seconds: fc.double({ min: 0, max: 2, noNaN: true }),
      pause: fc.double({ min: 0, max: 3, noNaN: true }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((words) => {
    let at = 0
    return words.map(({ text, seconds, pause }): TimedText => {
      const startSeconds = at + pause
      at = startSeconds + seconds
      return { text, startSeconds, endSeconds: at }
    })
  })

describe('pages of captions', () => {
  prop.prop([timedWords])('leave nothing out, in the order of time', (words) => {
    const tokens = spoken(words)
    const shown = pagesOf(tokens, LIMITS).flatMap(({ lines }) =>
      lines.flatMap((line) => line.words.map(({ text }) => text)),
    )
    expect(shown).toEqual(tokens.map(({ text }) => text))
  })

  prop.prop([timedWords])('never overlap, and fit', (words) => {
    let endedSeconds = 0
    for (const page of pagesOf(spoken(words), LIMITS)) {
      expect(page.startSeconds).toBeGreaterThanOrEqual(endedSeconds)
      expect(page.endSeconds).toBeGreaterThan(page.startSeconds)
      endedSeconds = page.endSeconds
      expect(page.lines.length).toBeLessThanOrEqual(2)
      for (const { width } of page.lines) expect(width * page.scale).toBeLessThanOrEqual(400.001)
    }
  })

  it.each([
    ['one short word', 'We all go there now and then.', ['We all go there now', 'and then.']],
    [
      'a word that has a line',
      'We all go there now and straightforwardly.',
      ['We all go there now and', 'straightforwardly.'],
    ],
    [
      'a word that was said after a pause',
      'We all go there now and … then.',
      ['We all go there now and', 'then.'],
    ],
  ])('do not leave a word alone if they can help it: %s', (_, text, expected) => {
    let at = 0
    const words: TimedText[] = []
    for (const word of text.split(' ')) {
      at += word === '…' ? 1 : 0.2
      if (word !== '…') words.push({ text: word, startSeconds: at, endSeconds: at + 0.2 })
    }
    const texts = pagesOf(spoken(words), LIMITS).map(({ lines }) =>
      lines.flatMap((line) => line.words.map((one) => one.text)).join(' '),
    )
    expect(texts).toEqual(expected)
  })

  it('end with a sentence and before a pause', () => {
    const words = ['One', 'two.', 'Three', 'four'].map((text, index) => {
      const startSeconds = index + (index === 3 ? 2 : 0)
      return { text, startSeconds, endSeconds: startSeconds + 0.9 }
    })
    const pages = pagesOf(spoken(words), LIMITS)
    const texts = pages.map(({ lines }) => lines.flatMap((line) => line.words.map((w) => w.text)))
    expect(texts).toEqual([['One', 'two.'], ['Three'], ['four']])
    // Nothing stands over the silence for longer than it takes to read the end.
    expect(pages[1]?.endSeconds).toBeCloseTo(3.4)
  })
})

const scriptOf = (words: readonly TimedText[], style: CaptionStyle): string => {
  const look = captionLook(style, FRAME)
  const run = { fontName: 'Inter Bold', ascent: 1.1, descent: 0.3 }
  return writeAssScript({
    frame: FRAME,
    look,
    pages: pagesOf(spoken(words), { ...LIMITS, lineWidth: 800 }),
    runsOf: (text) => [{ ...run, text }],
  })
}

const word = (text: string, startSeconds = 0): TimedText => ({
  text,
  startSeconds,
  endSeconds: startSeconds + 0.4,
})

/** What libass takes for commands. */
const commandsOf = (script: string): string[] =>
  [...script.matchAll(/(?<!\\)\{([^}]*)\}/g)].map(([, tags = '']) => tags)

describe('a script of captions', () => {
  prop.prop([timedWords])('takes no text for a command', (words) => {
    const commands = commandsOf(scriptOf(words, { preset: 'tiktok' }))
    const ours = /^(\\(an|pos|fn|fs|fscx|fscy|r|alpha|1c|t)[^{}\\]*(\\fsc[xy][\d.]+)*\)?)+$/
    for (const tags of commands) expect(tags).toMatch(ours)
  })

  it('parts a backslash from the letter behind it, and escapes braces', () => {
    const script = scriptOf([word(String.raw`a\Nb{\pos(0,0)}`)], { preset: 'minimal' })
    expect(script).toContain('a\\\u2060Nb\\{\\\u2060pos(0,0)\\}')
  })

  it('lights each word from its start to the start of the next', () => {
    const script = scriptOf([word('one', 1), word('two', 1.5)], {
      preset: 'tiktok',
      animationStyle: 'color',
      activeWordColor: '#112233',
    })
    const events = script.split('\n').filter((line) => line.startsWith('Dialogue'))
    expect(events.map((line) => line.split(',').slice(1, 3))).toEqual([
      ['0:00:01.00', '0:00:01.50'],
      ['0:00:01.50', '0:00:02.40'],
    ])
    expect(events[0]).toMatch(/\\1c&H332211&\}\{[^}]*\}one/)
    expect(events[1]).toMatch(/\\1c&H332211&\}\{[^}]*\}two/)
  })

  it.each([
    { frame: FRAME, lowest: 1920 * 0.75 },
    { frame: { widthPx: 1920, heightPx: 1080 }, lowest: 1080 * 0.96 },
  ])('stays out of what apps cover in $frame.widthPx × $frame.heightPx', ({ frame, lowest }) => {
    const look = captionLook({ preset: 'tiktok' }, frame)
    expect(frame.heightPx - look.marginVerticalPx).toBeLessThanOrEqual(lowest)
    expect(look.marginRightPx).toBeGreaterThan(90)
  })

  it('sizes follow the shorter side', () => {
    const small = captionLook({ preset: 'tiktok' }, { widthPx: 540, heightPx: 960 })
    expect(small.sizePx * 2).toBe(captionLook({ preset: 'tiktok' }, FRAME).sizePx)
  })
})
