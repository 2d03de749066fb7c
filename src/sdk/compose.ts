import { runPlan, type ExecuteOptions } from './execute-from-plan.ts'
import { planOf, type ExecutionPlan } from './execution-plan.ts'
import type { PipelineExecution, PipelineProgress } from './execution.ts'
import { isMediaNode, nodesIn, type MediaNode } from './media-node.ts'
import { merge } from './merge.ts'

/** What may stand in `compose`. */
export type PipelineNode = MediaNode | Pipeline

/** Work that is described and not yet ordered. */
export interface Pipeline {
  /** The plan as the server runs it. */
  toJSON(): ExecutionPlan
  /** Orders it, and waits for the end unless a webhook will tell. *Errors:* SpoolError. */
  execute(options?: ExecuteOptions): Promise<PipelineExecution>
  onProgress(callback: (progress: PipelineProgress) => void): Pipeline
  onError(callback: (error: Error) => void): Pipeline
  /** What it is made of. */
  getOperations(): readonly MediaNode[]
}

/** Everything that is made on the way to these, without themselves. */
const allBelow = (operations: readonly MediaNode[]): ReadonlySet<MediaNode> => {
  const below = new Set<MediaNode>()
  const open = [...operations]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const input of nodesIn(node.params)) {
      if (below.has(input)) continue
      below.add(input)
      open.push(input)
    }
  }
  return below
}

const isPlayable = ({ makes }: MediaNode): boolean => makes !== 'text' && makes !== 'transcript'

/**
 * What is left over when a pipeline has several ends. Pictures, sounds and videos beside each other are
 * one video: nobody makes a voice-over to throw it away. Only pictures, or only sounds, stay apart.
 */
const joined = (operations: readonly MediaNode[]): readonly MediaNode[] => {
  const used = allBelow(operations)
  const ends = [...new Set(operations)].filter((node) => !used.has(node))
  const playable = ends.filter(isPlayable)
  const kinds = new Set(playable.map(({ makes }) => makes))
  const isOneVideo =
    playable.length > 1 && (kinds.size > 1 || kinds.has('video') || kinds.has(null))
  if (!isOneVideo) return operations
  return [...operations.filter((node) => !playable.includes(node)), merge(playable)]
}

/** Describes work: nodes, or other pipelines. Nothing happens before `execute`. */
export const compose = (...nodes: readonly PipelineNode[]): Pipeline => {
  const operations = nodes.flatMap((node) => (isMediaNode(node) ? [node] : node.getOperations()))
  let onProgress: ((progress: PipelineProgress) => void) | undefined
  let onError: ((error: Error) => void) | undefined
  const pipeline: Pipeline = {
    toJSON: () => planOf(joined(operations)),
    execute: async (options = {}) =>
      await runPlan(pipeline.toJSON(), options, { onProgress, onError }),
    onProgress: (callback) => {
      onProgress = callback
      return pipeline
    },
    onError: (callback) => {
      onError = callback
      return pipeline
    },
    getOperations: () => operations,
  }
  return pipeline
}
