/** The activities of clips: footage, moments, faces, cuts. */

import type { ClipFormat, ClipLayout, ClipWish, Degradation } from '../domain/clips/clip-wish.ts'
import type { Moment, Span } from '../domain/clips/moment.ts'
import type { ClipId } from '../domain/ids.ts'
import type { StepInput } from './activities.ts'
import type { Recording } from './localization-activities.ts'
import type { PipelineOrder } from './orders.ts'

/** What clips are cut from. Its folder has what was heard and seen in it: that of the order that
 * brought it, for all versions of its clips. */
export interface Footage extends Recording {
  /** Up to where it can be cut: the sound may go on for longer. */
  readonly picturesSeconds: number
  readonly hasSound: boolean
  /** Where the clips of this order go. */
  readonly clipsFolderKey: string
}

/** One clip of several, counted from 1 in the order of their scores. */
export interface ClipInput extends StepInput {
  readonly footage: Footage
  readonly number: number
  readonly moment: Moment
  readonly format: ClipFormat
}

export interface ClipActivities {
  /** Brings the medium in, if it is a URL, from a video site too; refuses what has no moving pictures. */
  bringFootage(input: StepInput & { readonly order: PipelineOrder }): Promise<Footage>
  /** The same of what is there: in a retry, and when a clip is made again. */
  findFootage(input: StepInput & { readonly order: PipelineOrder }): Promise<Footage>
  /** Chooses the moments: by a language model, or by what can be measured. */
  scoreMoments(
    input: StepInput & {
      readonly footage: Footage
      readonly wish: Pick<ClipWish, 'limits' | 'prompt'>
      /** What no moment may show. */
      readonly taken?: readonly Span[]
    },
  ): Promise<{
    readonly moments: readonly Moment[]
    readonly degradations: readonly Degradation[]
  }>
  /** Finds the faces and cuts in a moment, and stores them, unless they are there. */
  watchFaces(input: ClipInput): Promise<{ readonly degradations: readonly Degradation[] }>
  /** Crops, captions and encodes a moment, and stores it. */
  cutClip(input: ClipInput & { readonly captions: ClipWish['captions'] }): Promise<{
    readonly degradations: readonly Degradation[]
    /** Split: two halves are shown for a part of it, or all. */
    readonly layout: ClipLayout
  }>
  /** Makes the picture of a clip, and publishes what it is about. */
  publishClip(
    input: ClipInput & {
      readonly id: ClipId
      readonly captions: ClipWish['captions']
      readonly degradations: readonly Degradation[]
      readonly layout: ClipLayout
    },
  ): Promise<{ readonly outputs: Readonly<Record<string, string>> }>
}
