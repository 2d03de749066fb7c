import type { RemoteTaskAnswer } from '../../contracts/tasks-dialect.ts'
import { MediaError } from '../../domain/failures.ts'
import { createTasksExchange, type TasksTransport } from '../tasks-provider/tasks-exchange.ts'

export interface RenderTaskOrder {
  readonly idempotencyKey: string
  readonly input: string
  readonly options: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, unknown>>
  readonly webhookUrl: string
  readonly priority: number
}

/** Any base URL that speaks the tasks API: another Spool, or this one. */
export interface TasksRenderer {
  readonly name: string
  /** *Idempotent:* the same key finds the task of the first call. */
  submit(order: RenderTaskOrder, signal?: AbortSignal): Promise<RemoteTaskAnswer>
  get(taskId: string, signal?: AbortSignal): Promise<RemoteTaskAnswer>
  /** A task that is over, or unknown, counts as cancelled. */
  cancel(taskId: string, signal?: AbortSignal): Promise<void>
  /** Whether it takes work: `GET /readyz` answers 200. */
  isWell(signal?: AbortSignal): Promise<boolean>
}

const FAILURES = {
  unavailable: 'RENDERER_UNAVAILABLE',
  rejected: 'RENDERER_REJECTED',
  invalid: 'RENDERER_FAILED',
} as const

/**
 * *Errors:* RENDERER_UNAVAILABLE (no answer, 429, 5xx; with its Retry-After), RENDERER_REJECTED (any
 * other refusal), RENDERER_FAILED (an answer that is not of the dialect). No retries of its own.
 */
export const createTasksRenderer = (
  { name, url, apiKey }: { readonly name: string; readonly url: string; readonly apiKey: string },
  transport: TasksTransport,
): TasksRenderer => {
  const { call, taskOf, refusal } = createTasksExchange(
    { label: `renderer ${name}`, url, apiKey, failures: FAILURES },
    transport,
  )
  return {
    name,
    submit: async (order, signal) => {
      const answer = await call('POST', '/v1/tasks', {
        headers: { 'idempotency-key': order.idempotencyKey },
        body: {
          kind: 'render',
          input: order.input,
          options: order.options,
          metadata: order.metadata,
          webhook_url: order.webhookUrl,
          priority: order.priority,
        },
        signal,
      })
      // The same order of a moment ago is still being taken: ask again.
      if (answer.status === 409) throw refusal({ ...answer, status: 503 })
      return taskOf(answer)
    },
    get: async (taskId, signal) =>
      taskOf(await call('GET', `/v1/tasks/${encodeURIComponent(taskId)}`, { signal })),
    cancel: async (taskId, signal) => {
      const path = `/v1/tasks/${encodeURIComponent(taskId)}/cancel`
      const answer = await call('POST', path, { signal })
      if (answer.status >= 300 && answer.status !== 404 && answer.status !== 409) {
        throw refusal(answer)
      }
    },
    isWell: async (signal) => {
      try {
        return (await call('GET', '/readyz', { signal })).status === 200
      } catch (error) {
        if (error instanceof MediaError) return false
        throw error
      }
    },
  }
}
