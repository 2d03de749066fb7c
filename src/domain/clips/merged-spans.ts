import type { Span } from './moment.ts'

/** The same parts of a recording in order, those that overlap or touch as one. */
export const mergedSpans = (spans: readonly Span[]): readonly Span[] => {
  const merged: Span[] = []
  for (const span of spans.toSorted((a, b) => a.startSeconds - b.startSeconds)) {
    const last = merged.at(-1)
    if (last === undefined || span.startSeconds > last.endSeconds) merged.push(span)
    else {
      const endSeconds = Math.max(last.endSeconds, span.endSeconds)
      merged.splice(-1, 1, { startSeconds: last.startSeconds, endSeconds })
    }
  }
  return merged
}
