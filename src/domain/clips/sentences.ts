import { joinWords } from '../captions/tokens.ts'
import type { TimedText, Transcript } from '../transcript.ts'

/** So long a silence ends a sentence, whatever the punctuation says. */
const PAUSE_SECONDS = 0.7
/** Engines without punctuation make sentences without end; at this length the next gap will do. */
const LONG_SECONDS = 12

/** Closing marks of the scripts that speech engines write; quotes and brackets may follow. */
const ENDS_SENTENCE = /[.!?…。！？؟۔।]["'”’»)\]]*$/u

/** Whether a text asks something. */
export const isQuestion = (text: string): boolean => /[?？؟]["'”’»)\]]*\s*$/u.test(text)

/**
 * What was said, sentence by sentence, each with the time of its first and last word. Without word
 * times the engine's own segments are taken.
 */
export const sentencesOf = ({ words, segments }: Transcript): readonly TimedText[] => {
  if (words.length === 0)
    return segments.map(({ startSeconds, endSeconds, text }) => ({
      startSeconds,
      endSeconds,
      text,
    }))
  const sentences: TimedText[][] = [[]]
  for (const [index, word] of words.entries()) {
    const sentence = sentences.at(-1)!
    sentence.push(word)
    const next = words[index + 1]
    if (next !== undefined && endsAfter(sentence, word, next)) sentences.push([])
  }
  return sentences.map((sentence) => ({
    startSeconds: sentence[0]!.startSeconds,
    endSeconds: sentence.at(-1)!.endSeconds,
    text: joinWords(sentence.map(({ text }) => text)),
  }))
}

const endsAfter = (sentence: readonly TimedText[], word: TimedText, next: TimedText): boolean => {
  const pauseSeconds = next.startSeconds - word.endSeconds
  const lengthSeconds = word.endSeconds - sentence[0]!.startSeconds
  return (
    ENDS_SENTENCE.test(word.text) ||
    pauseSeconds >= PAUSE_SECONDS ||
    (lengthSeconds >= LONG_SECONDS && pauseSeconds > 0) ||
    lengthSeconds >= 2 * LONG_SECONDS
  )
}
