import type { Span } from './moment.ts'

/** A frame of a video beside the one that was decoded before it; parts of the whole range of levels. */
export interface ComparedFrame {
  readonly atSeconds: number
  /** The mean difference of the two. */
  readonly differenceRatio: number
  /** As much of it as the frame before did not have already: what goes on moving is no cut. */
  readonly surpriseRatio: number
}

/** Twenty of 256 levels: a cut between like pictures has 25, a fast pan 10. */
const CUT_RATIO = 20 / 256
/** Parts that are nearer to each other are looked at as one: most of a look is the way from a key frame. */
const APART_SECONDS_MIN = 4

/** The frames with which a scene begins, where each was compared with its neighbour. */
export const sceneCuts = (frames: readonly ComparedFrame[]): readonly number[] =>
  frames
    .filter(({ atSeconds, surpriseRatio }) => atSeconds > 0 && surpriseRatio > CUT_RATIO)
    .map(({ atSeconds }) => atSeconds)

/**
 * The parts of a video in which skipped frames leave open where a scene begins, or whether one does; each
 * from a frame that is certainly before the place to one that is not.
 */
export const doubtfulParts = (
  frames: readonly ComparedFrame[],
  frameSeconds: number,
): readonly Span[] => {
  const follows = (index: number): boolean => {
    const [before, at] = [frames[index - 1], frames[index]]
    return before !== undefined && at!.atSeconds - before.atSeconds < 1.5 * frameSeconds
  }
  const parts: Span[] = []
  for (const [index, { atSeconds, differenceRatio, surpriseRatio }] of frames.entries()) {
    const before = frames[index - 1]
    if (before === undefined || differenceRatio <= CUT_RATIO) continue
    // What the frame before had already is less when it, too, is compared with its neighbour.
    if (follows(index) && (surpriseRatio > CUT_RATIO || follows(index - 1))) continue
    const last = parts.at(-1)
    const isNear = last !== undefined && before.atSeconds - last.endSeconds < APART_SECONDS_MIN
    const startSeconds = isNear ? parts.pop()!.startSeconds : before.atSeconds
    parts.push({ startSeconds, endSeconds: atSeconds })
  }
  return parts
}

/** Cuts of a look that skipped frames, with those of a closer look at a part in their place there. */
export const correctedCuts = (
  rough: readonly number[],
  exact: readonly number[],
  { part, frameSeconds }: { readonly part: Span; readonly frameSeconds: number },
): readonly number[] => {
  // Both looks tell the time of the same frame, up to rounding.
  const from = part.startSeconds + frameSeconds / 2
  const to = part.endSeconds + frameSeconds / 2
  const isInPart = (cut: number): boolean => cut > from && cut < to
  return [...rough.filter((cut) => !isInPart(cut)), ...exact.filter(isInPart)].toSorted(
    (a, b) => a - b,
  )
}

/** Whether samples of a video would show the same frame twice. */
export const isSparse = (frames: readonly ComparedFrame[], sampleSeconds: number): boolean =>
  frames.some(
    ({ atSeconds }, index) =>
      index > 0 && atSeconds - frames[index - 1]!.atSeconds > 1.01 * sampleSeconds,
  )
