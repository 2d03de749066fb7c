import type { TimedText, Transcript, TranscriptSegment } from '../transcript.ts'
import { cutAfter, readableLength } from './graphemes.ts'

/** What a line is never broken within: a word with its punctuation, a part of it where it is too long. */
export interface Token {
  readonly text: string
  /** In characters as readers see them. */
  readonly length: number
  /** False between the words of Chinese, Japanese, Thai, and within what had to be cut. */
  readonly spaceBefore: boolean
}

/** A token with its place in the recording. */
export interface SpokenToken extends Token {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly speaker: string | null
}

/** Scripts that put no spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
const OPENING = /^[\p{Ps}\p{Pi}]+$/u
const WITHOUT_LETTERS = /^[^\p{L}\p{N}]*$/u
const NO_LETTERS = /[^\p{L}\p{N}\p{M}]+/gu
/** No word takes longer; engines stretch words over the silence that follows. */
const WORD_SECONDS_MAX = 3

const words = new Intl.Segmenter('und', { granularity: 'word' })

/** Parts a text into tokens, of which none is longer than a line. */
export const tokensOf = (text: string, charsPerLineMax: number): Token[] => {
  const tokens: Token[] = []
  for (const chunk of text.split(/\s+/u)) {
    if (chunk === '') continue
    const parts = UNSPACED.test(chunk) ? unspacedParts(chunk) : [chunk]
    let spaceBefore = tokens.length > 0
    for (const part of parts) {
      const length = readableLength(part)
      const pieces = length > charsPerLineMax ? cutAfter(part, charsPerLineMax) : [part]
      for (const piece of pieces) {
        const isWhole = pieces.length === 1
        tokens.push({ text: piece, length: isWhole ? length : readableLength(piece), spaceBefore })
        spaceBefore = false
      }
    }
  }
  return tokens
}

/** The words of a text as they are compared: of any script, without case and punctuation. */
export const wordsIn = (text: string): string[] =>
  tokensOf(text, Number.POSITIVE_INFINITY)
    .map((token) => lettersOf(token.text))
    .filter((word) => word !== '')

/** At the end and the beginning of words between which no space belongs. */
const ENDS_UNSPACED = new RegExp(`(?:${UNSPACED.source}|[\\u3000-\\u303f\\uff00-\\uffef])$`, 'u')
const BEGINS_UNSPACED = new RegExp(`^(?:${UNSPACED.source}|[\\u3000-\\u303f\\uff00-\\uffef])`, 'u')

/** Words as one text, with spaces only where their scripts have them. */
export const joinWords = (spoken: readonly string[]): string =>
  spoken
    .map((word, index) => {
      const before = spoken[index - 1]
      const isBound =
        before === undefined || (ENDS_UNSPACED.test(before) && BEGINS_UNSPACED.test(word))
      return isBound ? word : ` ${word}`
    })
    .join('')

/** Words of a script without spaces; punctuation stays with the word that it belongs to. */
const unspacedParts = (chunk: string): string[] => {
  const parts: string[] = []
  let opening = ''
  for (const { segment, isWordLike } of words.segment(chunk)) {
    if (OPENING.test(segment)) opening += segment
    else if (isWordLike === true || parts.length === 0) {
      parts.push(opening + segment)
      opening = ''
    } else {
      parts[parts.length - 1] += opening + segment
      opening = ''
    }
  }
  if (opening !== '') parts.push(opening)
  return parts
}

/**
 * The tokens of a transcript in the order of time. The text is that of the segments, which have the
 * punctuation; the times are those of the words. Where the two do not say the same, the words count;
 * where there are no words, a segment's time is shared out by length. No word is left out.
 */
export const spokenTokens = (transcript: Transcript, charsPerLineMax: number): SpokenToken[] => {
  const told = toldSegments(transcript, charsPerLineMax)
  const untold = transcript.words.slice(
    told.reduce((sum, { words: { length } }) => sum + length, 0),
  )
  return [
    ...told.flatMap(({ segment, tokens }) =>
      tokens.map((token) => ({ ...token, speaker: segment.speaker ?? null })),
    ),
    ...untold.flatMap((word) => tokensOfWord(word, charsPerLineMax)),
  ]
}

/** A segment with the words that were told of it; none where the engine has no times of words. */
export interface ToldSegment {
  readonly segment: TranscriptSegment
  readonly words: readonly TimedText[]
  readonly tokens: readonly SpokenToken[]
}

/** Each segment with its own words; what is left of the words was said after the last of them. */
export const toldSegments = (
  { segments, words: timed }: Transcript,
  charsPerLineMax: number,
): readonly ToldSegment[] => {
  let next = 0
  return segments.map((segment, index) => {
    // What was said after the last segment belongs to it, unless it has all of its own words.
    const isLast = index === segments.length - 1
    const untilSeconds = isLast ? Infinity : segment.endSeconds
    const taken = wordsOf({ ...segment, endSeconds: untilSeconds }, timed, next)
    next += taken.words.length
    const tokens =
      taken.words.length === 0
        ? shareOut(segment, tokensOf(segment.text, charsPerLineMax))
        : taken.saysTheSame
          ? alongWords(tokensOf(segment.text, charsPerLineMax), taken.words)
          : taken.words.flatMap((word) => tokensOfWord(word, charsPerLineMax))
    return { segment, words: taken.words, tokens }
  })
}

/** What is compared of a text: its letters and digits. */
export const lettersOf = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replaceAll(NO_LETTERS, '')

const wordsOf = (
  segment: TranscriptSegment,
  timed: readonly TimedText[],
  from: number,
): { readonly words: readonly TimedText[]; readonly saysTheSame: boolean } => {
  const wanted = lettersOf(segment.text)
  let letters = ''
  let to = from
  for (; to < timed.length && letters.length < wanted.length; to++) {
    letters += lettersOf(timed[to]?.text ?? '')
  }
  if (letters === wanted && to > from) {
    // Punctuation that was told as a word of its own stands in the text already.
    while (to < timed.length && WITHOUT_LETTERS.test(timed[to]?.text ?? '')) to++
    return { words: timed.slice(from, to), saysTheSame: true }
  }
  to = from
  for (; to < timed.length; to++) {
    const word = timed[to]
    if (word === undefined || (word.startSeconds + word.endSeconds) / 2 >= segment.endSeconds) break
  }
  return { words: timed.slice(from, to), saysTheSame: false }
}

/** Each token from the start of the word that has its first letter to the end of that with its last. */
const alongWords = (tokens: readonly Token[], timed: readonly TimedText[]): SpokenToken[] => {
  const wordAt: TimedText[] = timed.flatMap((word) =>
    Array.from({ length: lettersOf(word.text).length }, () => word),
  )
  let at = 0
  let endSeconds = timed[0]?.startSeconds ?? 0
  return tokens.map((token) => {
    const letters = lettersOf(token.text).length
    const first = wordAt[at]
    const last = wordAt[at + letters - 1]
    at += letters
    // A dash or an emoji between words is said in no time.
    if (letters === 0 || first === undefined || last === undefined) {
      return spoken(token, { startSeconds: endSeconds, endSeconds })
    }
    endSeconds = last.endSeconds
    return spoken(token, { startSeconds: first.startSeconds, endSeconds })
  })
}

const tokensOfWord = (word: TimedText, charsPerLineMax: number): SpokenToken[] => {
  const [first, ...rest] = shareOut(word, tokensOf(word.text, charsPerLineMax))
  if (first === undefined) return []
  // Words of an engine come without spaces; scripts that have none need none.
  const spaceBefore = !UNSPACED.test(first.text) && !WITHOUT_LETTERS.test(first.text)
  return [{ ...first, spaceBefore }, ...rest]
}

const shareOut = (whole: TimedText, tokens: readonly Token[]): SpokenToken[] => {
  const total = tokens.reduce((sum, { length }) => sum + length, 0)
  const secondsPerCharacter = (whole.endSeconds - whole.startSeconds) / Math.max(1, total)
  let before = 0
  return tokens.map((token) => {
    const startSeconds = whole.startSeconds + before * secondsPerCharacter
    before += token.length
    const endSeconds = whole.startSeconds + before * secondsPerCharacter
    return spoken(token, { startSeconds, endSeconds })
  })
}

const spoken = (
  token: Token,
  { startSeconds, endSeconds }: Omit<TimedText, 'text'>,
): SpokenToken => ({
  ...token,
  startSeconds,
  endSeconds: Math.min(endSeconds, startSeconds + WORD_SECONDS_MAX),
  speaker: null,
})

/** The text of some tokens in a row. */
export const textOf = (tokens: readonly Token[]): string =>
  tokens
    .map(({ text, spaceBefore }, index) => (index > 0 && spaceBefore ? ` ${text}` : text))
    .join('')
