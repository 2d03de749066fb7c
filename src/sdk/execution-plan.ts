import type { JobMedia, Operation } from '../domain/generation/operations.ts'
import type { ModelChoice } from '../domain/generation/plan.ts'
import { isMediaNode, nodesIn, type MediaNode } from './media-node.ts'

/** A job of a plan in its published form. */
export interface JobNode {
  id: string
  /** Plans also come from elsewhere, where nothing is typed. */
  type: Operation | (string & {})
  params: Record<string, unknown>
  dependsOn?: string[] | undefined
  /** What is tried when the model fails. */
  fallbacks?: ModelChoice[] | undefined
  output: string
}

/** What the server runs: plain JSON, to be kept, changed and run again. */
export interface ExecutionPlan {
  jobs: JobNode[]
  /** An earlier execution whose results are used again where nothing has changed. */
  baseExecutionId?: string
  /** The run stops before the job that would cost more. */
  maxCredits?: number
}

const MARKERS = {
  video: '_videoJobDependency',
  image: '_imageJobDependency',
  audio: '_audioJobDependency',
  transcript: '_transcriptJobDependency',
  text: '_jobDependency',
} as const satisfies Record<JobMedia, string>

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Writes nodes as the jobs of a plan, each after those whose results it uses. *Guarantee:* every node
 * that is in use, at whatever depth, is exactly one job, and every place that uses it refers to it.
 */
export const planOf = (roots: readonly MediaNode[]): ExecutionPlan => {
  const jobs: JobNode[] = []
  const idOf = new Map<MediaNode, string>()

  const written = (value: unknown): unknown => {
    if (isMediaNode(value)) {
      const marker = value.makes === null ? '_jobDependency' : MARKERS[value.makes]
      return `${marker}:${idOf.get(value)}`
    }
    if (Array.isArray(value)) return value.map(written)
    if (!isPlainObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, each]) =>
        each === undefined ? [] : [[key, written(each)]],
      ),
    )
  }

  const add = (node: MediaNode): void => {
    if (idOf.has(node)) return
    const inputs = [...new Set(nodesIn(node.params))]
    for (const input of inputs) add(input)
    const id = `job${jobs.length + 1}`
    idOf.set(node, id)
    jobs.push({
      id,
      type: node.type,
      params: written(node.params) as Record<string, unknown>,
      ...(inputs.length > 0 && { dependsOn: inputs.map((input) => idOf.get(input) ?? '') }),
      ...(node.fallbacks && { fallbacks: [...node.fallbacks] }),
      output: `$${id}`,
    })
  }

  for (const root of roots) add(root)
  return { jobs }
}
