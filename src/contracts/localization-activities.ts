/** The activities of a localization: sound, words, subtitles, translations. */

import type { SubtitleFormat } from '../domain/captions/cue.ts'
import type { AccountId, MediaId } from '../domain/ids.ts'
import type { ProviderPlan } from '../domain/task-providers.ts'
import type { Skippable, StepInput } from './activities.ts'
import type { PipelineOrder } from './orders.ts'
import type { Delivered } from './stream-activities.ts'

/** The stages that may be sent out, and for how long each may take. */
export interface LocalizationStages {
  readonly extract: StagePlan
  readonly transcribe: StagePlan
  readonly subtitles: StagePlan
  readonly translate: StagePlan
}

export interface StagePlan {
  readonly timeoutMs: number
  /** Null: it is done here. */
  readonly provider: ProviderPlan | null
}

/** What is localized, where its files go, and who does what. */
export interface Recording {
  readonly accountId: AccountId
  readonly mediaId: MediaId
  readonly sourceKey: string
  readonly durationSeconds: number
  readonly folderKey: string
  readonly stages: LocalizationStages
}

type RecordingInput = StepInput & { readonly recording: Recording }

/** Work that a provider has done already, as the key of its file; null: it is to be done here. */
interface MaybeMade {
  readonly madeKey: string | null
}

export interface LocalizationActivities {
  /** Brings the medium in, if it is a URL; refuses what has no sound. */
  bringRecording(input: StepInput & { readonly order: PipelineOrder }): Promise<Recording>
  /** The same, in a retry, of what an earlier round has brought in. */
  findRecording(input: StepInput & { readonly order: PipelineOrder }): Promise<Recording>
  /** Stores the sound as speech engines want it. */
  extractAudio(input: RecordingInput & MaybeMade): Promise<void>
  /** Writes down what is said; nothing is a result as well. */
  transcribeRecording(
    input: RecordingInput & MaybeMade & { readonly language: string | null },
  ): Promise<Delivered>
  /** Lays the words out, in the language that is spoken. */
  makeSubtitles(
    input: RecordingInput & MaybeMade & { readonly formats: readonly SubtitleFormat[] },
  ): Promise<Skippable & Delivered>
  translateSubtitles(
    input: RecordingInput &
      MaybeMade & { readonly language: string; readonly formats: readonly SubtitleFormat[] },
  ): Promise<Skippable & Delivered>
  /** Makes subtitles caption tracks of the medium's stream, if it has one. */
  publishCaptions(input: RecordingInput & { readonly languages: readonly string[] }): Promise<{
    readonly captions: readonly string[]
  }>
}
