import type { ModelChoice } from '../domain/generation/plan.ts'
import type { JobMedia, Operation } from '../domain/generation/operations.ts'

const NODE = Symbol.for('spool.media-node')

/** A job of a plan before it has an id. Its parameters may hold nodes at any depth; a node that is
 * used in several places is one job, and is paid once. */
export interface MediaNode<Makes extends JobMedia = JobMedia> {
  readonly [NODE]: true
  readonly type: Operation
  /** Null: of the kind of its input, which may be a URL. */
  readonly makes: Makes | null
  readonly params: Readonly<Record<string, unknown>>
  /** Of a model: what is tried when it fails. */
  readonly fallbacks?: readonly ModelChoice[]
}

/** What a job can be given: something that a node makes, or the URL or the id of a medium. */
export type MediaInput<Media extends JobMedia = JobMedia> = string | MediaNode<Media>

export const mediaNode = <Makes extends JobMedia>(
  type: Operation,
  makes: Makes | null,
  params: Readonly<Record<string, unknown>>,
  fallbacks?: readonly ModelChoice[],
): MediaNode<Makes> => ({ [NODE]: true, type, makes, params, ...(fallbacks && { fallbacks }) })

export const isMediaNode = (value: unknown): value is MediaNode =>
  typeof value === 'object' && value !== null && NODE in value

/** The nodes that stand in a value, not those below them. */
export const nodesIn = (value: unknown): readonly MediaNode[] => {
  if (isMediaNode(value)) return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(nodesIn)
}
