/** The client of Spool: describes media work as a program, and orders it. It knows no part of the
 * server but its HTTP, and needs nothing but `fetch`. */

export { compose, type Pipeline, type PipelineNode } from './compose.ts'
export { executeFromPlan, type ExecuteOptions } from './execute-from-plan.ts'
export type { ExecutionPlan, JobNode } from './execution-plan.ts'
export {
  executionOf,
  getExecutionStatus,
  type ExecutionState,
  type ExecutionStatus,
  type JobStatus,
  type MediaResult,
  type PipelineExecution,
  type PipelineProgress,
} from './execution.ts'
export {
  generateAudio,
  generateImage,
  generateText,
  generateVideo,
  lipSync,
  reframe,
  removeBackground,
  transcribe,
  translate,
  type CallOptions,
} from './generate.ts'
export { captions, type CaptionsOptions, type CaptionStyle, type CaptionWord } from './captions.ts'
export {
  clips,
  type Clip,
  type ClipChange,
  type ClipChangeOptions,
  type ClipEdit,
} from './clips.ts'
export {
  layers,
  type LayerItem,
  type LayerPlacement,
  type LayersOptions,
  type LayerTimeline,
} from './layers.ts'
export { convert, expand, extractAudio, resize, thumbnail, trim } from './media-operations.ts'
export { lintPlan, type PlanJudgement } from './lint-plan.ts'
export { merge, type MergeItem, type MergeItemWithOptions, type MergeOptions } from './merge.ts'
export {
  audioModel,
  imageModel,
  textModel,
  videoModel,
  type AudioModel,
  type AudioModelName,
  type ImageModel,
  type ImageModelName,
  type Model,
  type ModelName,
  type TextModel,
  type TextModelName,
  type VideoModel,
  type VideoModelName,
} from './models.ts'
export type { MediaInput, MediaNode } from './media-node.ts'
export type { ApiAccess } from './api-access.ts'
export { SpoolError, type Finding } from './spool-error.ts'
