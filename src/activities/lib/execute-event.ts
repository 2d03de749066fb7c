import type { Execution } from '../../db/repositories/executions.ts'
import type { GenerationJob } from '../../db/repositories/generations.ts'
import { FAILURES } from '../../domain/failures.ts'
import { executeStatusOf } from '../../domain/generation/execute-dialect.ts'
import { mainResult } from '../../domain/generation/graph.ts'
import type { EventBody } from './events.ts'

/** How a plan of the published dialect ended, as its own webhook tells it. */
export const executeEvent = (
  execution: Execution,
  jobs: readonly GenerationJob[],
  now: Date,
): EventBody => {
  const { id: executionId, error } = execution
  const mainId = mainResult(jobs.filter(({ parentId }) => parentId === null).map(({ job }) => job))
  const result = jobs.find(({ jobId }) => jobId === mainId)?.result ?? null
  const status = executeStatusOf(execution.status, result !== null)
  const endedAt = (execution.finishedAt ?? now).toISOString()
  if (status === 'failed') {
    const reason = error?.message ?? FAILURES.CANCELED.publicMessage
    const payload = { executionId, status, error: reason, failedAt: endedAt }
    return { type: 'execute.failed', payload }
  }
  const url = result === null ? null : { storageKey: result.storageKey, published: true }
  const payload = { executionId, status, result: { url, status }, completedAt: endedAt }
  return { type: 'execute.completed', payload }
}
