import type { FieldProblem } from '../failures.ts'
import { CLIP_SECONDS } from './clip-wish.ts'
import type { Span } from './moment.ts'

/** Sums of floats. */
const TOLERANCE_SECONDS = 1e-6

/** The edge that a request has given is the one that it can mend. */
type GivenEdge = 'start' | 'end'

/**
 * What keeps a part of a source from being a clip; nothing: it can be one. Of a source that is shorter
 * than a clip may be, the clip may be all of it.
 */
export const problemsOfSpan = (
  { startSeconds, endSeconds }: Span,
  sourceSeconds: number,
  edge: GivenEdge,
): readonly FieldProblem[] => {
  const lengthSeconds = endSeconds - startSeconds
  const minSeconds = Math.min(CLIP_SECONDS.min, sourceSeconds)
  if (startSeconds >= sourceSeconds) {
    return [beyond('start', sourceSeconds)]
  }
  if (endSeconds > sourceSeconds + TOLERANCE_SECONDS) {
    return [beyond('end', sourceSeconds)]
  }
  if (lengthSeconds <= 0) {
    const message = edge === 'end' ? 'must be after the start' : 'must be before the end'
    return [{ path: edge, message, fix: `The clip is ${startSeconds} to ${endSeconds} so far.` }]
  }
  if (lengthSeconds < minSeconds - TOLERANCE_SECONDS) {
    return [{ path: edge, message: `leaves less than ${minSeconds} seconds`, fix: LENGTHS }]
  }
  if (lengthSeconds > CLIP_SECONDS.max + TOLERANCE_SECONDS) {
    return [{ path: edge, message: `makes more than ${CLIP_SECONDS.max} seconds`, fix: LENGTHS }]
  }
  return []
}

const LENGTHS = `A clip is ${CLIP_SECONDS.min} to ${CLIP_SECONDS.max} seconds long.`

const beyond = (path: GivenEdge, sourceSeconds: number): FieldProblem => ({
  path,
  message: 'is beyond the end of the video',
  fix: `Its pictures are ${sourceSeconds} seconds long.`,
})
