import type { Task } from '../../db/repositories/tasks.ts'
import { MediaError } from '../../domain/failures.ts'
import type { TaskId } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** The row of a task that must exist. *Errors:* NOT_FOUND. */
export const taskRow = async (
  { tasks }: Pick<ActivityDependencies, 'tasks'>,
  taskId: TaskId,
): Promise<Task> => {
  const task = await tasks.findById(taskId)
  if (task === null) throw new MediaError('NOT_FOUND', `no task ${taskId}`)
  return task
}
