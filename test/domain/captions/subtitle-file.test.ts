import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SUBTITLE_FORMATS, type Cue } from '../../../src/domain/captions/cue.ts'
import { readSubtitles, writeSubtitles } from '../../../src/domain/captions/subtitle-file.ts'
import { MediaError } from '../../../src/domain/failures.ts'

const line = fc
  .oneof(
    fc.constantFrom(
      'Hello & welcome',
      '1',
      'مرحبا بالعالم!',
      '\u200fשלום\u200e, world',
      '今日は良い天気ですね。',
      '👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽',
      'a --> b',
      '&lt; is not <',
      '3 < 4 > 2',
      'NOTE well',
      'WEBVTT',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  )
  .map((text) => text.replaceAll(/[\r\n\0]/g, ' ').trim())
  .filter((text) => text !== '')

const cuesOf = (lines: fc.Arbitrary<string>): fc.Arbitrary<Cue[]> =>
  fc.array(
    fc
      .record({ startMs: fc.nat(400_000_000), lengthMs: fc.integer({ min: 1, max: 9_000 }) })
      .chain(({ startMs, lengthMs }) =>
        fc.array(lines, { minLength: 1, maxLength: 3 }).map((parts) => ({
          startSeconds: startMs / 1000,
          endSeconds: (startMs + lengthMs) / 1000,
          text: parts.join('\n'),
        })),
      ),
    { minLength: 1, maxLength: 20 },
  )

const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof MediaError) return error.code
    throw error
  }
  return 'none'
}

describe('subtitle files', () => {
  it('come back from VTT as they were, in every script, markup signs included', () => {
    fc.assert(
      fc.property(cuesOf(line), (cues) => {
        expect(readSubtitles(writeSubtitles(cues, 'vtt'))).toEqual(cues)
      }),
    )
  })

  it('come back from SRT as they were, but for what players take for styles', () => {
    const unstyled = line.filter((text) => !/<\/?(?:[biu]|font)|\{\\/i.test(text))
    fc.assert(
      fc.property(cuesOf(unstyled), (cues) => {
        expect(readSubtitles(writeSubtitles(cues, 'srt'))).toEqual(cues)
      }),
    )
  })

  it('have the times and marks of their format', () => {
    const cues = [{ startSeconds: 3661.5, endSeconds: 3663, text: 'A & <b>' }]
    expect(writeSubtitles(cues, 'vtt')).toBe(
      'WEBVTT\n\n01:01:01.500 --> 01:01:03.000\nA &amp; &lt;b&gt;\n',
    )
    expect(writeSubtitles(cues, 'srt')).toBe('1\n01:01:01,500 --> 01:01:03,000\nA & <b>\n')
  })

  it.each(SUBTITLE_FORMATS)('in %s have no blank line within a subtitle', (format) => {
    const cues = [
      { startSeconds: 0, endSeconds: 1, text: 'one\n\n  \r\ntwo' },
      { startSeconds: 1, endSeconds: 2, text: ' \n ' },
      { startSeconds: 2, endSeconds: 3, text: 'three' },
    ]
    const texts = readSubtitles(writeSubtitles(cues, format)).map(({ text }) => text)
    expect(texts).toEqual(['one\ntwo', 'three'])
  })
})

describe('reading subtitles that others made', () => {
  it('passes over notes, styles, regions, positions and tags of VTT', () => {
    const file = [
      '\uFEFFWEBVTT - made elsewhere\r\nKind: captions',
      'STYLE\r\n::cue { color: red }',
      'NOTE 00:00 is the start',
      'first\r\n00:01.000 --> 00:02.500 align:start position:10%\r\n<v Anna><i>Hi</i> <00:01.500><c.loud>there</c>',
      '00:03.000 --> 00:04.000\r\nTom &amp; Anna&nbsp;&lt;3',
    ].join('\r\n\r\n')
    expect(readSubtitles(file)).toEqual([
      { startSeconds: 1, endSeconds: 2.5, text: 'Hi there' },
      { startSeconds: 3, endSeconds: 4, text: 'Tom & Anna\u00a0<3' },
    ])
  })

  it('takes SRT without numbers, with dots, with styles, and with old line ends', () => {
    const file =
      '00:00:01.5 --> 00:00:02.250\r{\\an8}<font color="red">Hi</font>\r\r2\r0:00:03,000 --> 0:00:04,000\r<b>there</b>'
    expect(readSubtitles(file)).toEqual([
      { startSeconds: 1.5, endSeconds: 2.25, text: 'Hi' },
      { startSeconds: 3, endSeconds: 4, text: 'there' },
    ])
  })

  it('passes over times that make no sense, and keeps the rest', () => {
    const file = [
      '1\n00:00:05,000 --> 00:00:02,000\nends before it begins',
      '2\nNaN --> 00:00:02,000\nno number',
      '3\n-00:00:02,000 --> 00:00:04,000\nnegative',
      '4\n00:00:06,000 --> 00:00:07,000\ngood',
    ].join('\n\n')
    expect(readSubtitles(file).map(({ text }) => text)).toEqual(['good'])
  })

  it('says that a file is none when nothing in it is a subtitle', () => {
    for (const file of ['{"not":"subtitles"}', 'x'.repeat(10_000), '1\n\n2\n\n3']) {
      expect(codeOf(() => readSubtitles(file))).toBe('SUBTITLES_UNREADABLE')
    }
    expect(readSubtitles('')).toEqual([])
    expect(readSubtitles('WEBVTT\n')).toEqual([])
  })

  it('never fails in another way, whatever it is given', () => {
    const noise = fc.array(
      fc.constantFrom(
        'WEBVTT',
        '\n',
        '\r',
        ' --> ',
        '00:00:01,000',
        '<',
        '>',
        '&',
        '\0',
        'text',
        '{\\',
      ),
    )
    fc.assert(
      fc.property(noise, (parts) => {
        const code = codeOf(() => readSubtitles(parts.join('')))
        expect(['none', 'SUBTITLES_UNREADABLE']).toContain(code)
      }),
    )
  })

  it('refuses a file of too many subtitles as soon as they are counted', () => {
    const block = '00:00:01,000 --> 00:00:02,000\nx\n\n'
    expect(codeOf(() => readSubtitles(block.repeat(101), 100))).toBe('MEDIA_TOO_LARGE')
    expect(readSubtitles(block.repeat(100), 100)).toHaveLength(100)
  })

  it('reads a million subtitles, and hostile lines, in bounded time', { timeout: 120_000 }, () => {
    const before = process.threadCpuUsage()
    const block = '00:00:01,000 --> 00:00:02,000\nx\n\n'
    expect(readSubtitles(block.repeat(1_000_000), 1_000_000)).toHaveLength(1_000_000)
    for (const part of ['<', '{\\', '&', '00:', ' --> ', '\u200f']) {
      codeOf(() => readSubtitles(`WEBVTT\n\n00:01.000 --> 00:02.000\n${part.repeat(500_000)}`))
      codeOf(() => readSubtitles(part.repeat(500_000)))
    }
    expect(process.threadCpuUsage(before).user / 1e6).toBeLessThan(15)
  })
})
