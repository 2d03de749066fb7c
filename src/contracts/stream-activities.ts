/** The activities of a stream: its ladder in parts, and what stands beside it. */

import type { MediaId } from '../domain/ids.ts'
import type { Ladder, LadderWish } from '../domain/ladder.ts'
import type { SegmentRange } from '../domain/stream-description.ts'
import type { LadderGroup, ProgressShare } from '../domain/stream-plan.ts'
import type { Skippable, StepInput } from './activities.ts'
import type { PipelineOrder } from './orders.ts'

/** What a stream is made of, and where its files go. */
export interface StreamSource {
  readonly mediaId: MediaId
  readonly sourceKey: string
  readonly durationSeconds: number
  readonly hasSound: boolean
  /** Published: what players fetch. */
  readonly folderKey: string
  /** Not published: what parts leave for the join. */
  readonly workKey: string
}

type SourceInput = StepInput & { readonly source: StreamSource }

/** What a branch delivered: names to storage keys. */
export interface Delivered {
  readonly outputs: Readonly<Record<string, string>>
}

export interface StreamActivities {
  /** Brings the source in, if it is a URL, judges it, and makes the order the medium's newest. */
  probeSource(input: StepInput & { readonly order: PipelineOrder }): Promise<StreamSource>
  /** The same, in a retry, of what an earlier round has brought in. */
  findSource(input: StepInput & { readonly order: PipelineOrder }): Promise<StreamSource>
  /** Looks at the source, and how many workers there are to share the work. */
  planLadder(input: SourceInput & { readonly wish: LadderWish }): Promise<{
    readonly ladder: Ladder
    readonly groups: readonly LadderGroup[]
    /** How many parts of it may be in work at once. */
    readonly partCountMax: number
  }>
  /** Makes one range of some rungs; a second call finds what the first one has made. */
  encodeLadderPart(
    input: SourceInput & {
      readonly ladder: Ladder
      readonly rungNames: readonly string[]
      readonly range: SegmentRange
      readonly progress: ProgressShare
    },
  ): Promise<void>
  encodeLadderSound(input: SourceInput & { readonly ladder: Ladder }): Promise<void>
  /** Writes the manifests of these groups: from then on the stream can be played. */
  publishLadder(
    input: SourceInput & { readonly groups: readonly LadderGroup[] },
  ): Promise<Delivered>
  /** The same for all groups; the ladder is done. */
  closeLadder(input: SourceInput & { readonly groups: readonly LadderGroup[] }): Promise<Delivered>
  makePoster(input: SourceInput): Promise<Delivered>
  makePreview(input: SourceInput): Promise<Delivered>
  transcribeStream(
    input: SourceInput & { readonly language: string | null },
  ): Promise<Skippable & Delivered>
  makeStreamStoryboard(input: SourceInput): Promise<Delivered>
  makeStreamWaveform(input: SourceInput): Promise<Skippable & Delivered>
}

/** The activities whose work is short beside that on the ladder. */
export type BesideLadder =
  | 'makePoster'
  | 'makePreview'
  | 'makeStreamStoryboard'
  | 'makeStreamWaveform'
