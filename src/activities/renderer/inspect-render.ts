import { cancellationSignal } from '@temporalio/activity'
import type { RendererActivities } from '../../contracts/activities.ts'
import { failureOfTask, type RemoteTaskAnswer } from '../../contracts/tasks-dialect.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { configuredRenderer } from './configured-renderer.ts'

/**
 * Asks a renderer how a task is. A renderer that gives no answer is silent, which is no error here:
 * the answer then is what was last known, with the time since. A task that waits in the renderer's
 * queue counts as alive for as long as the renderer itself says so.
 */
export const inspectRender =
  (deps: ActivityDependencies): RendererActivities['inspectRender'] =>
  async ({ executionId, renderer: name, taskId }) => {
    const task = await ask(deps, name, taskId)
    if (task === null) {
      return { status: 'processing', failure: null, silentMs: await silence(deps, executionId) }
    }
    if (task.status === 'queued' || task.status === 'processing') {
      await deps.executions.recordProgress({
        executionId,
        step: 'remote render',
        progress: task.progress ?? 0,
        signOfLifeAt: signOfLife(task, deps.clock()),
      })
    }
    return {
      status: task.status,
      failure: task.status === 'failed' ? failureOfTask(task) : null,
      silentMs: await silence(deps, executionId),
    }
  }

const ask = async (
  deps: ActivityDependencies,
  name: string,
  taskId: string,
): Promise<RemoteTaskAnswer | null> => {
  try {
    return await configuredRenderer(deps, name).client.get(taskId, cancellationSignal())
  } catch (error) {
    if (error instanceof MediaError && error.code === 'RENDERER_UNAVAILABLE') return null
    throw error
  }
}

/** Never in the future: the renderer's clock is its own. */
const signOfLife = (task: RemoteTaskAnswer, now: Date): Date => {
  if (task.status === 'queued' || !task.updated_at) return now
  const saidMs = Date.parse(task.updated_at)
  return Number.isNaN(saidMs) ? now : new Date(Math.min(saidMs, now.getTime()))
}

const silence = async (deps: ActivityDependencies, executionId: ExecutionId): Promise<number> => {
  const execution = await deps.executions.findById(executionId)
  const last = execution?.lastSignOfLifeAt ?? null
  return last === null ? 0 : Math.max(0, deps.clock().getTime() - last.getTime())
}
