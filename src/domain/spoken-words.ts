import type { TimedText } from './transcript.ts'

/** Each character of a text, and when it is spoken, in seconds. */
export interface CharacterTimes {
  readonly characters: readonly string[]
  readonly startsSeconds: readonly number[]
  readonly endsSeconds: readonly number[]
}

/** Scripts that are written without spaces: one character is the least that can be highlighted. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u
const LETTER = /[\p{L}\p{N}]/u

/**
 * The words of a text whose characters have times: what stands between spaces, with its punctuation; each
 * character of a script without spaces is a word. A word lasts from its first letter to its last, so that
 * the pause after a full stop is not highlighted.
 */
export const wordsOfCharacters = (times: CharacterTimes): TimedText[] => {
  const words: TimedText[] = []
  let word: { startSeconds: number; endSeconds: number; text: string } | null = null
  let isAfterUnspaced = false
  times.characters.forEach((character, index) => {
    const startSeconds = times.startsSeconds[index]
    const endSeconds = times.endsSeconds[index]
    if (startSeconds === undefined || endSeconds === undefined) return
    if (character.trim() === '') {
      word = null
      return
    }
    const isUnspaced = UNSPACED.test(character)
    const isLetter = LETTER.test(character)
    if (word === null || isUnspaced || (isAfterUnspaced && isLetter)) {
      word = { startSeconds, endSeconds, text: character }
      words.push(word)
    } else {
      if (!LETTER.test(word.text)) word.startSeconds = startSeconds
      if (isLetter || !LETTER.test(word.text)) word.endSeconds = endSeconds
      word.text += character
    }
    isAfterUnspaced = isUnspaced
  })
  return words
}
