import type { ClipId, ExecutionId, MediaId } from '../ids.ts'
import type { ClipFormat, ClipLayout, ClipWish, Degradation } from './clip-wish.ts'
import type { Moment, Span } from './moment.ts'

/** What a clip is about, as it is kept beside its video. */
export interface ClipAbout extends Moment {
  readonly id: ClipId
  readonly number: number
  readonly format: ClipFormat
  readonly captions: ClipWish['captions']
  readonly layout: ClipLayout
  readonly degradations: readonly Degradation[]
}

/** Another moment for a clip. */
export interface MomentSearch extends Pick<ClipWish, 'limits' | 'prompt'> {
  /** What the clips of the order show, and what this one has shown before. */
  readonly taken: readonly Span[]
}

/** The moment of a clip, and what was done in a simpler way when it was chosen. */
export interface ChosenMoment {
  readonly moment: Moment
  readonly degradations: readonly Degradation[]
}

/** What is ordered when one clip is made again: what it shall be from now on, all of it. */
export interface RecutWish {
  readonly id: ClipId
  readonly number: number
  /** The order that has the footage, and what was heard and seen in it. */
  readonly origin: { readonly executionId: ExecutionId; readonly mediaId: MediaId }
  readonly format: ClipFormat
  readonly captions: ClipWish['captions']
  /** What it shows, or where that is looked for. */
  readonly moment: ChosenMoment | MomentSearch
}

/** The wish as it travels in an order. */
export const recutWish = (input: Readonly<Record<string, unknown>>): RecutWish =>
  input['recut'] as RecutWish

/** What the customer changes of a clip; what is missing stays. Times are of the source. */
export interface ClipChange {
  readonly startSeconds?: number | undefined
  readonly endSeconds?: number | undefined
  readonly format?: ClipFormat | undefined
  readonly captions?: ClipWish['captions'] | undefined
}

/** The choice of a moment may have been simplified; whatever else was, is found out anew. */
const OF_THE_CHOICE: readonly Degradation[] = ['heuristicScore']

/** A clip as it is to be after a change: the moment, however it was moved, keeps what was said of it. */
export const changedClip = (
  about: ClipAbout,
  { startSeconds, endSeconds, format, captions }: ClipChange,
): Pick<RecutWish, 'format' | 'captions'> & { readonly moment: ChosenMoment } => {
  const { title, hook, scores, reason, source } = about
  const span = {
    startSeconds: startSeconds ?? about.startSeconds,
    endSeconds: endSeconds ?? about.endSeconds,
  }
  const isMoved = span.startSeconds !== about.startSeconds || span.endSeconds !== about.endSeconds
  return {
    format: format ?? about.format,
    captions: captions === undefined ? about.captions : captions,
    moment: {
      moment: { ...span, title, hook, scores, reason, source: isMoved ? 'customer' : source },
      degradations: about.degradations.filter((one) => OF_THE_CHOICE.includes(one)),
    },
  }
}
