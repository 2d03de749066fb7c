import type { BranchResult } from '../../contracts/orders.ts'
import type { ExecutionDetails } from '../../db/repositories/executions.ts'
import type { AccountId, ExecutionId } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** The videos among what a branch delivered. */
const CLIP = /^clip-\d+$/

/** As they are logged. */
export interface EncodeFacts {
  readonly execution_id: ExecutionId
  readonly account_id: AccountId
  /** From the start of the first clip until the last was published. */
  readonly duration_ms: number
  readonly clip_count: number
  readonly total_size_bytes: number
}

/**
 * What the clips of a round have come to; null when it has made none. Nothing that goes wrong is thrown, but
 * said in the log: the order is worth more than its figures.
 */
export const encodeFacts = async (
  deps: ActivityDependencies,
  round: { readonly executionId: ExecutionId; readonly branches: readonly BranchResult[] },
): Promise<EncodeFacts | null> => {
  const { executionId, branches } = round
  const made = branches.filter(({ outputs }) => Object.keys(outputs).some((key) => CLIP.test(key)))
  if (made.length === 0) return null
  const keys = made.flatMap(({ outputs }) =>
    Object.entries(outputs).flatMap(([name, key]) => (CLIP.test(name) ? [key] : [])),
  )
  try {
    const execution = await deps.executions.findById(executionId)
    if (execution === null) return null
    return {
      execution_id: executionId,
      account_id: execution.accountId,
      duration_ms: spanMs(execution, made),
      clip_count: keys.length,
      total_size_bytes: await totalSizeBytes(deps, keys),
    }
  } catch (error) {
    deps.log.warn({ execution_id: executionId, err: error }, 'clips could not be measured')
    return null
  }
}

const spanMs = ({ steps }: ExecutionDetails, made: readonly BranchResult[]): number => {
  const names = new Set(made.map(({ step }) => step))
  const own = steps.filter(({ name }) => names.has(name))
  const from = Math.min(...own.map(({ startedAt }) => startedAt?.getTime() ?? Infinity))
  const to = Math.max(...own.map(({ finishedAt }) => finishedAt?.getTime() ?? -Infinity))
  return Number.isFinite(to - from) ? Math.max(0, to - from) : 0
}

const totalSizeBytes = async (
  { storage }: ActivityDependencies,
  keys: readonly string[],
): Promise<number> => {
  const heads = await Promise.all(keys.map((key) => storage.head(key)))
  return heads.reduce((sum, head) => sum + (head?.sizeBytes ?? 0), 0)
}
