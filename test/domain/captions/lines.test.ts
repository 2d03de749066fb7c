import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readableLength } from '../../../src/domain/captions/graphemes.ts'
import { wrapText } from '../../../src/domain/captions/lines.ts'

const LIMITS = { charsPerLineMax: 42, linesMax: 2 }

describe('breaking a text into lines', () => {
  it('leaves a text that fits in one line', () => {
    expect(wrapText('Short enough.', LIMITS)).toBe('Short enough.')
  })

  it('breaks after punctuation rather than in the very middle', () => {
    expect(wrapText('When the rain had stopped, we all went outside again.', LIMITS)).toBe(
      'When the rain had stopped,\nwe all went outside again.',
    )
  })

  it('gives up lines that a text already had', () => {
    expect(wrapText('one\ntwo', LIMITS)).toBe('one two')
  })

  it('makes lines longer rather than leaving out what does not fit into two of them', () => {
    const text = 'Donaudampfschifffahrtsgesellschaft '.repeat(4).trim()
    const lines = wrapText(text, LIMITS).split('\n')
    expect(lines).toHaveLength(2)
    expect(lines.join(' ')).toBe(text)
  })

  it('breaks a family of four in no two', () => {
    const family = '👩‍👩‍👧‍👦'
    const lines = wrapText(family.repeat(60), LIMITS).split('\n')
    expect(lines.join('')).toBe(family.repeat(60))
    for (const line of lines) expect(line.length % family.length).toBe(0)
  })

  it('needs no more than the lines that are allowed, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const wrapped = wrapText(text, LIMITS)
        expect(wrapped.split('\n').length).toBeLessThanOrEqual(2)
        expect(wrapped.replaceAll(/\s/gu, '')).toBe(text.replaceAll(/\s/gu, ''))
      }),
    )
  })

  it('keeps both lines in their length when the words allow it', () => {
    const words = fc.array(
      fc.string({ unit: fc.constantFrom('a', 'é', 'ß'), minLength: 1, maxLength: 5 }),
      {
        maxLength: 13,
      },
    )
    fc.assert(
      fc.property(words, (list) => {
        // Thirteen words of five with their spaces fill at most two lines of 39 to 42.
        for (const line of wrapText(list.join(' '), LIMITS).split('\n')) {
          expect(readableLength(line)).toBeLessThanOrEqual(42)
        }
      }),
    )
  })

  it('takes a text of a million words in stride', { timeout: 60_000 }, () => {
    const before = process.threadCpuUsage()
    expect(wrapText('word '.repeat(1_000_000), LIMITS).split('\n')).toHaveLength(2)
    expect(process.threadCpuUsage(before).user / 1e6).toBeLessThan(5)
  })
})
