import type { BranchResult } from '../../contracts/orders.ts'
import type { ExecutionDetails } from '../../db/repositories/executions.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** The videos among what a branch delivered. */
const CLIP = /^clip-\d+$/

/**
 * Writes the line `encode_complete` for the clips that a round has delivered: how many, how large, and how
 * long it took from the start of the first until the last was published. For the caller to call once. The
 * order is settled by now, so nothing that goes wrong here is thrown.
 */
export const logEncodes = async (
  deps: ActivityDependencies,
  round: { readonly executionId: ExecutionId; readonly branches: readonly BranchResult[] },
): Promise<void> => {
  const { executionId, branches } = round
  const made = branches.filter(({ outputs }) => Object.keys(outputs).some((key) => CLIP.test(key)))
  if (made.length === 0) return
  try {
    const execution = await deps.executions.findById(executionId)
    if (execution === null) return
    const keys = made.flatMap(({ outputs }) =>
      Object.entries(outputs).flatMap(([name, key]) => (CLIP.test(name) ? [key] : [])),
    )
    deps.log.info(
      {
        execution_id: executionId,
        account_id: execution.accountId,
        duration_ms: spanMs(execution, made),
        clip_count: keys.length,
        total_size_bytes: await totalSizeBytes(deps, keys),
      },
      'encode_complete',
    )
  } catch (error) {
    deps.log.warn({ execution_id: executionId, err: error }, 'clips could not be measured')
  }
}

const spanMs = ({ steps }: ExecutionDetails, made: readonly BranchResult[]): number => {
  const names = new Set(made.map(({ step }) => step))
  const own = steps.filter(({ name }) => names.has(name))
  const from = Math.min(...own.map(({ startedAt }) => startedAt?.getTime() ?? Infinity))
  const to = Math.max(...own.map(({ finishedAt }) => finishedAt?.getTime() ?? -Infinity))
  return Math.max(0, to - from)
}

const totalSizeBytes = async (
  { storage }: ActivityDependencies,
  keys: readonly string[],
): Promise<number> => {
  const heads = await Promise.all(keys.map((key) => storage.head(key)))
  return heads.reduce((sum, head) => sum + (head?.sizeBytes ?? 0), 0)
}
