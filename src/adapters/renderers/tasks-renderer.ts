import type { RemoteTaskAnswer } from '../../contracts/tasks-dialect.ts'
import { MediaError } from '../../domain/failures.ts'
import {
  createTasksExchange,
  type TasksExchange,
  type TasksTransport,
} from '../tasks-provider/tasks-exchange.ts'

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
  readonly get: TasksExchange['find']
  readonly cancel: TasksExchange['cancel']
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
  const exchange = createTasksExchange(
    { label: `renderer ${name}`, url, apiKey, path: '/v1/tasks', failures: FAILURES },
    transport,
  )
  return {
    name,
    get: exchange.find,
    cancel: exchange.cancel,
    submit: async ({ idempotencyKey, webhookUrl, ...order }, signal) => {
      const body = { kind: 'render', ...order, webhook_url: webhookUrl }
      return exchange.taskOf(await exchange.order({ idempotencyKey, body, signal }))
    },
    isWell: async (signal) => {
      try {
        return (await exchange.get('/readyz', signal)).status === 200
      } catch (error) {
        if (error instanceof MediaError) return false
        throw error
      }
    },
  }
}
