import { CancellationScope, isCancellation, setCurrentDetails } from '@temporalio/workflow'
import type { PreparedTask } from '../contracts/activities.ts'
import type { TaskOrder } from '../contracts/orders.ts'
import type { TaskId } from '../domain/ids.ts'
import type { TaskOutput } from '../domain/task-output.ts'
import { tasks } from './activities.ts'
import { startDeliveries } from './lib/deliveries.ts'
import { failureCodeOf, GaveUp } from './lib/failures.ts'

export interface TaskResult {
  readonly taskId: TaskId
  readonly status: 'completed' | 'failed' | 'canceled'
}

/**
 * Runs a task: bring its input, hold its price, do the work, capture, tell. On failure and on cancel
 * the price is given back. A failed task is an answer, not a failed workflow.
 */
export async function task(order: TaskOrder): Promise<TaskResult> {
  const { taskId } = order
  try {
    setCurrentDetails('**fetching and checking the input**')
    const input = await tasks.prepareTask({ taskId })
    if (input.status === 'declined') return await end(taskId, 'failed', 'INSUFFICIENT_CREDITS')

    setCurrentDetails(`**working: ${input.work}**`)
    const output = await perform(taskId, input)

    return await CancellationScope.nonCancellable(async () => {
      const { deliveryIds } = await tasks.completeTask({ taskId, output })
      await startDeliveries(deliveryIds)
      setCurrentDetails('**completed**')
      return { taskId, status: 'completed' }
    })
  } catch (error) {
    if (!isCancellation(error)) return await end(taskId, 'failed', failureCodeOf(error))
    await end(taskId, 'canceled', null)
    throw error
  }
}

/** The work itself, by its kind. */
const perform = async (taskId: TaskId, { work, inputKey }: PreparedTask): Promise<TaskOutput> => {
  switch (work) {
    case 'render':
      return await tasks.renderTask({ taskId, inputKey })
    default:
      throw new GaveUp('NOT_CONFIGURED')
  }
}

const end = async (
  taskId: TaskId,
  ending: 'failed' | 'canceled',
  failure: ReturnType<typeof failureCodeOf> | null,
): Promise<TaskResult> =>
  await CancellationScope.nonCancellable(async () => {
    const { deliveryIds } = await tasks.abandonTask({ taskId, ending, failure })
    await startDeliveries(deliveryIds)
    setCurrentDetails(`**${ending}**${failure === null ? '' : `: ${failure}`}`)
    return { taskId, status: ending }
  })
