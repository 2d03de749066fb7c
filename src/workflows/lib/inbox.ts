import { condition, log } from '@temporalio/workflow'
import type { TaskEvent } from '../../contracts/orders.ts'

/** The task id under which a person delivers a video by hand. */
export const MANUAL_TASK_ID = 'manual'

const ENDINGS: ReadonlySet<string> = new Set<TaskEvent['status']>([
  'completed',
  'failed',
  'canceled',
])

/**
 * News of remote jobs, kept from the moment it arrives until it is asked for. A webhook may come
 * before the submission has returned the job's id (it waits here), twice (the first counts), or for
 * a job that is done or was given up (nobody asks for it).
 */
export class Inbox {
  readonly #events = new Map<string, TaskEvent>()

  /** People send signals by hand; one that is none is dropped, for an error here would block the
   * workflow for ever. */
  accept(event: TaskEvent | undefined): void {
    if (typeof event?.taskId !== 'string' || !ENDINGS.has(event.status)) {
      log.warn('a signal that tells of no task was dropped')
    } else if (!this.#events.has(event.taskId)) {
      this.#events.set(event.taskId, event)
    }
  }

  get hasManual(): boolean {
    return this.#events.has(MANUAL_TASK_ID)
  }

  /** News of this task, or a video delivered by hand, or null when `timeoutMs` passes without. */
  async next(taskId: string, timeoutMs: number): Promise<TaskEvent | null> {
    await condition(() => this.#events.has(taskId) || this.hasManual, timeoutMs)
    return this.#take(MANUAL_TASK_ID) ?? this.#take(taskId)
  }

  #take(taskId: string): TaskEvent | null {
    const event = this.#events.get(taskId) ?? null
    this.#events.delete(taskId)
    return event
  }
}
