import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { wordsOfCharacters } from '../../src/domain/spoken-words.ts'

/** A tenth of a second each. */
const spoken = (text: string) => {
  const characters = Array.from(text)
  return wordsOfCharacters({
    characters,
    startsSeconds: characters.map((_, index) => index / 10),
    endsSeconds: characters.map((_, index) => (index + 1) / 10),
  })
}

describe('words of characters with times', () => {
  it('stand between spaces and keep their punctuation', () => {
    expect(spoken('Hi, you!')).toEqual([
      { text: 'Hi,', startSeconds: 0, endSeconds: 0.2 },
      { text: 'you!', startSeconds: 0.4, endSeconds: 0.7 },
    ])
  })

  it('begin with their first letter, not with the quotation mark before it', () => {
    const [word] = spoken('“Yes”')
    expect(word).toEqual({ text: '“Yes”', startSeconds: 0.1, endSeconds: 0.4 })
  })

  it('are words as well in scripts without spaces', () => {
    expect(spoken('我喜欢音乐。OK').map(({ text }) => text)).toEqual(['我', '喜欢', '音乐。', 'OK'])
  })

  it('keep an accent or a joined sign that is a character of its own', () => {
    expect(spoken('cafe\u0301 नमस्ते').map(({ text }) => text)).toEqual(['cafe\u0301', 'नमस्ते'])
  })

  it('leave out characters that have no time', () => {
    const times = { characters: ['a', 'b'], startsSeconds: [0], endsSeconds: [0.1] }
    expect(wordsOfCharacters(times)).toEqual([{ text: 'a', startSeconds: 0, endSeconds: 0.1 }])
  })

  test.prop([fc.string({ unit: 'grapheme', maxLength: 60 })])(
    'have all that was spoken, in the order of time, and never overlap',
    (text) => {
      const words = spoken(text)
      expect(words.map((word) => word.text).join('')).toBe(
        Array.from(text)
          .filter((character) => character.trim() !== '')
          .join(''),
      )
      words.forEach((word, index) => {
        expect(word.endSeconds).toBeGreaterThanOrEqual(word.startSeconds)
        expect(word.startSeconds).toBeGreaterThanOrEqual(words[index - 1]?.endSeconds ?? 0)
      })
    },
  )
})
