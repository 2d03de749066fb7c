import type { TimedText, Transcript } from './transcript.ts'

/** What is said between two times, counted from the first; a word that is cut through stays out. */
export const partOfTranscript = (
  transcript: Transcript,
  startSeconds: number,
  endSeconds: number,
): Transcript => {
  const within = <Timed extends TimedText>(timed: readonly Timed[]): readonly Timed[] =>
    timed
      .filter((one) => one.startSeconds >= startSeconds && one.endSeconds <= endSeconds)
      .map((one) => ({
        ...one,
        startSeconds: one.startSeconds - startSeconds,
        endSeconds: one.endSeconds - startSeconds,
      }))
  return {
    language: transcript.language,
    durationSeconds: endSeconds - startSeconds,
    segments: within(transcript.segments),
    words: within(transcript.words),
  }
}
