import {
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow'
import type { PreparedTask, TaskEnd, TaskWordsInput } from '../contracts/activities.ts'
import type { TaskOrder } from '../contracts/orders.ts'
import type { TaskId } from '../domain/ids.ts'
import { taskOutputStem } from '../domain/storage-keys.ts'
import { tasks } from './activities.ts'
import { deliverAtOnce, deliverLater } from './lib/deliveries.ts'
import { failureCodeOf } from './lib/failures.ts'
import { Inbox } from './lib/inbox.ts'
import { runRemoteTask } from './lib/remote-task.ts'
import { taskEvent } from './messages.ts'

/** What a provider may take for a single operation, its queue included. */
const REMOTE_TIMEOUT_MS = 2 * 3600_000

export interface TaskResult {
  readonly taskId: TaskId
  readonly status: 'completed' | 'failed' | 'canceled'
}

/**
 * Runs a task: bring its input, hold its price, do the work, capture, tell. The last activity of the
 * work does what comes after it as well; what it could not do is done here. On failure and on cancel
 * the price is given back. A failed task is an answer, not a failed workflow.
 */
export async function task(order: TaskOrder): Promise<TaskResult> {
  const { taskId } = order
  const inbox = new Inbox()
  setHandler(taskEvent, (event) => inbox.accept(event), {
    description: 'A provider that works on the task has news',
  })
  try {
    if (order.admission === null) setCurrentDetails('**fetching and checking the input**')
    const input = order.admission ?? (await tasks.prepareTask({ taskId }))
    if (input.status === 'refused') return await end(taskId, 'failed', input.failure)

    setCurrentDetails(`**working: ${input.work}**`)
    const { output, completed, open } = await perform(taskId, input, inbox)

    return await CancellationScope.nonCancellable(async () => {
      if (!completed)
        await deliverAtOnce((await tasks.completeTask({ taskId, output })).deliveryIds)
      await deliverLater(open)
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
const perform = async (taskId: TaskId, input: PreparedTask, inbox: Inbox): Promise<TaskEnd> => {
  const { work, inputKey, remote } = input
  if (remote !== null) {
    const output = await runRemoteTask({
      ...remote,
      ownerId: taskId,
      step: work,
      inbox,
      inputKey,
      outputStem: taskOutputStem(taskId),
      timeoutMs: REMOTE_TIMEOUT_MS,
    })
    return { output, completed: false, open: [] }
  }
  switch (work) {
    case 'render':
      return await tasks.renderTask({ taskId, inputKey })
    case 'video':
    case 'audio':
    case 'image':
      return await tasks.convertTask({ taskId, inputKey })
    case 'waveform':
      return await tasks.measureWaveform({ taskId, inputKey })
    case 'storyboard':
      return await tasks.makeStoryboardTask({ taskId, inputKey })
    case 'transcription':
      return await tasks.transcribeTask({ taskId, inputKey })
    case 'subtitles':
      return await tasks.layOutSubtitles(await words(taskId, input))
    case 'translation':
      return await tasks.translateTask(await words(taskId, input))
    case 'adaptive_video':
      return await tasks.packageTask({ taskId, inputKey })
  }
}

/** What is said in the input: it says so itself, or is listened to first. */
const words = async (
  taskId: TaskId,
  { inputIs, inputKey }: PreparedTask,
): Promise<TaskWordsInput> => {
  if (inputIs === 'subtitles') return { taskId, inputKey, isTranscript: false }
  const { output } = await tasks.transcribeTask({ taskId, inputKey, isLast: false })
  return { taskId, inputKey: output.storageKey, isTranscript: true }
}

const end = async (
  taskId: TaskId,
  ending: 'failed' | 'canceled',
  failure: ReturnType<typeof failureCodeOf> | null,
): Promise<TaskResult> =>
  await CancellationScope.nonCancellable(async () => {
    const { deliveryIds } = await tasks.abandonTask({ taskId, ending, failure })
    await deliverAtOnce(deliveryIds)
    setCurrentDetails(`**${ending}**${failure === null ? '' : `: ${failure}`}`)
    return { taskId, status: ending }
  })
