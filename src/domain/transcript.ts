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
export const hasSpeech = ({ segments, words }: Transcript): boolean =>
  segments.length > 0 || words.length > 0
