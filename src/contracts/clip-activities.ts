/** The activities of clips: footage, moments, faces, cuts. */

import type { ClipFormat, ClipWish, Degradation } from '../domain/clips/clip-wish.ts'
import type { Moment } from '../domain/clips/moment.ts'
import type { StepInput } from './activities.ts'
import type { Recording } from './localization-activities.ts'
import type { PipelineOrder } from './orders.ts'

/** What clips are cut from, and where their files go. */
export interface Footage extends Recording {
  readonly hasSound: boolean
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
  /** The same, in a retry, of what an earlier round has brought in. */
  findFootage(input: StepInput & { readonly order: PipelineOrder }): Promise<Footage>
  /** Chooses the moments: by a language model, or by what can be measured. */
  scoreMoments(input: StepInput & { readonly footage: Footage; readonly wish: ClipWish }): Promise<{
    readonly moments: readonly Moment[]
    readonly degradations: readonly Degradation[]
  }>
  /** Finds the faces and cuts in a moment, and stores them. */
  watchFaces(input: ClipInput): Promise<{ readonly degradations: readonly Degradation[] }>
  /** Crops, captions and encodes a moment, and stores it. */
  cutClip(
    input: ClipInput & { readonly captions: ClipWish['captions'] },
  ): Promise<{ readonly degradations: readonly Degradation[] }>
  /** Makes the picture of a clip, and publishes what it is about. */
  publishClip(
    input: ClipInput & { readonly degradations: readonly Degradation[] },
  ): Promise<{ readonly outputs: Readonly<Record<string, string>> }>
}
