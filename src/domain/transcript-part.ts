import { joinWords, lettersOf, textOf, toldSegments, type ToldSegment } from './captions/tokens.ts'
import type { TimedText, Transcript, TranscriptSegment } from './transcript.ts'

/**
 * What is said between two times, counted from the first. A word that is cut through stays out. So does
 * a segment that is cut through, but for those of its words that are left; without times of words nobody
 * knows which of them are.
 */
export const partOfTranscript = (
  transcript: Transcript,
  startSeconds: number,
  endSeconds: number,
): Transcript => {
  const isWithin = (one: TimedText): boolean =>
    one.startSeconds >= startSeconds && one.endSeconds <= endSeconds
  const inPart = (seconds: number): number =>
    Math.max(startSeconds, Math.min(seconds, endSeconds)) - startSeconds
  const moved = <Timed extends TimedText>(one: Timed): Timed => ({
    ...one,
    startSeconds: inPart(one.startSeconds),
    endSeconds: inPart(one.endSeconds),
  })
  const left = (told: ToldSegment): readonly TranscriptSegment[] => {
    const { segment, words } = told
    const kept = words.filter(isWithin)
    if (kept.length === words.length) return kept.length > 0 || isWithin(segment) ? [segment] : []
    return kept.length > 0 ? [{ ...segment, text: textOfSome(told, kept) }] : []
  }
  return {
    language: transcript.language,
    durationSeconds: endSeconds - startSeconds,
    segments: toldSegments(transcript, Infinity).flatMap(left).map(moved),
    words: transcript.words.filter(isWithin).map(moved),
  }
}

/** With the punctuation of the segment, where it says the same as its words. */
const textOfSome = ({ tokens }: ToldSegment, kept: readonly TimedText[]): string => {
  const fromSeconds = kept[0]?.startSeconds ?? 0
  const toSeconds = kept.at(-1)?.endSeconds ?? 0
  const spoken = joinWords(kept.map(({ text }) => text))
  const text = textOf(
    tokens.filter((one) => one.startSeconds >= fromSeconds && one.startSeconds < toSeconds),
  )
  return lettersOf(text) === lettersOf(spoken) ? text : spoken
}
