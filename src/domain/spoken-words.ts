import { tokensOf } from './captions/tokens.ts'
import type { TimedText } from './transcript.ts'

/** Each character of a text, and when it is spoken, in seconds. */
export interface CharacterTimes {
  readonly characters: readonly string[]
  readonly startsSeconds: readonly number[]
  readonly endsSeconds: readonly number[]
}

const LETTER = /[\p{L}\p{N}]/u

/**
 * The words of a text whose characters have times, with their punctuation. A word lasts from its first
 * letter to its last, so that the pause after a full stop is not highlighted.
 */
export const wordsOfCharacters = (times: CharacterTimes): TimedText[] => {
  const timed = times.characters.flatMap((text, index) => {
    const startSeconds = times.startsSeconds[index]
    const endSeconds = times.endsSeconds[index]
    const hasTime = startSeconds !== undefined && endSeconds !== undefined
    return hasTime ? [{ text, startSeconds, endSeconds }] : []
  })
  const text = timed.map((character) => character.text).join('')
  // Every code unit that is in a word, with its character's times.
  const units = timed.flatMap((character) =>
    character.text.split('').flatMap((unit) => (unit.trim() === '' ? [] : [character])),
  )
  let at = 0
  return tokensOf(text, Number.POSITIVE_INFINITY).flatMap((token) => {
    const own = units.slice(at, (at += token.text.length))
    const letters = own.filter((character) => LETTER.test(character.text))
    const [first = own[0]] = letters
    const last = letters.at(-1) ?? own.at(-1)
    if (first === undefined || last === undefined) return []
    const { startSeconds } = first
    return [{ text: token.text, startSeconds, endSeconds: last.endSeconds }]
  })
}
