/** What was said in a recording, and when. */

/** Text with its place in the recording, in seconds from its start. */
export interface TimedText {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly text: string
}

export interface TranscriptSegment extends TimedText {
  /** A label such as `A`, where the engine tells speakers apart. */
  readonly speaker?: string
}

/**
 * Segments and words in the order of time, neither overlapping among themselves. Without speech both
 * lists are empty: that is a result, not a failure. `words` is also empty when the engine has no word
 * times; the segments then are all there is.
 */
export interface Transcript {
  /** BCP 47, such as `en` or `pt-BR`; the engine's own guess if nobody said. */
  readonly language: string
  readonly durationSeconds: number
  readonly segments: readonly TranscriptSegment[]
  readonly words: readonly TimedText[]
}

/** Whether anything was said. */
const hasSpeech = ({ segments, words }: Transcript): boolean =>
  segments.length > 0 || words.length > 0

/**
 * Makes what an engine said usable: texts without space around them and none that are empty, times that
 * are numbers within the recording, in order, and never overlapping.
 */
export const tidyTimes = <Timed extends TimedText>(
  timed: readonly Timed[],
  durationSeconds: number,
): Timed[] => {
  let earliestSeconds = 0
  return timed
    .map((part) => ({ ...part, text: part.text.trim() }))
    .filter(({ text, startSeconds, endSeconds }) => {
      return text !== '' && Number.isFinite(startSeconds) && Number.isFinite(endSeconds)
    })
    .toSorted((a, b) => a.startSeconds - b.startSeconds)
    .map((part) => {
      const startSeconds = clamp(part.startSeconds, earliestSeconds, durationSeconds)
      const endSeconds = clamp(part.endSeconds, startSeconds, durationSeconds)
      earliestSeconds = endSeconds
      return { ...part, startSeconds, endSeconds }
    })
}

const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(value, most))

/** Transcripts of pieces, as that of the whole: every time is moved by the start of its piece. */
export const joinTranscripts = (
  pieces: readonly { readonly startSeconds: number; readonly transcript: Transcript }[],
): Transcript => {
  const moved = <Timed extends TimedText>(timed: readonly Timed[], bySeconds: number): Timed[] =>
    timed.map((part) => ({
      ...part,
      startSeconds: part.startSeconds + bySeconds,
      endSeconds: part.endSeconds + bySeconds,
    }))
  const last = pieces.at(-1)
  return {
    // A piece without speech is of whatever language its engine guessed.
    language:
      (pieces.find(({ transcript }) => hasSpeech(transcript)) ?? last)?.transcript.language ??
      'und',
    durationSeconds: last === undefined ? 0 : last.startSeconds + last.transcript.durationSeconds,
    segments: pieces.flatMap(({ startSeconds, transcript }) =>
      moved(transcript.segments, startSeconds),
    ),
    words: pieces.flatMap(({ startSeconds, transcript }) => moved(transcript.words, startSeconds)),
  }
}
