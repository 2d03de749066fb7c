/** What the renderer's client and the provider's client share: one exchange of the tasks dialect. */

import { remoteTaskSchema, type RemoteTaskAnswer } from '../../contracts/tasks-dialect.ts'
import { MediaError, type FailureCode } from '../../domain/failures.ts'
import { parseRetryAfterMs } from '../../domain/retry-after.ts'
import { readJson } from '../read-json.ts'

/** The guarded fetcher, as far as it is needed here. */
export interface TasksTransport {
  request(
    url: string,
    options: {
      readonly method: 'GET' | 'POST'
      readonly headers: Readonly<Record<string, string>>
      readonly body?: string
      readonly timeoutMs: number
      readonly maxResponseBytes: number
      readonly signal?: AbortSignal
    },
  ): Promise<TasksAnswer>
}

export interface TasksAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bodyText: string
}

interface TasksServer {
  /** As the operator called it, for messages: `renderer farm`. */
  readonly label: string
  readonly url: string
  readonly apiKey: string
  /** Where its tasks are: `/v1/tasks`. */
  readonly path: string
  /** What no answer (also 429 and 5xx), another refusal, and an answer that is no task are called. */
  readonly failures: Readonly<Record<'unavailable' | 'rejected' | 'invalid', FailureCode>>
}

interface TasksOrder {
  readonly idempotencyKey: string
  readonly body: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal | undefined
}

/** *Errors:* the failures of the server. */
export interface TasksExchange {
  /** Sends an order once. A server that is still taking the same order of a moment ago is out of reach
   * for now. */
  order(order: TasksOrder): Promise<TasksAnswer>
  find(taskId: string, signal?: AbortSignal): Promise<RemoteTaskAnswer>
  /** A task that is over, unknown, or not to be cancelled there counts as cancelled. */
  cancel(taskId: string, signal?: AbortSignal): Promise<void>
  get(path: string, signal?: AbortSignal): Promise<TasksAnswer>
  /** The task of an answer. */
  taskOf(answer: TasksAnswer): RemoteTaskAnswer
  refusal(answer: TasksAnswer): MediaError
}

const REQUEST_TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 256 * 1024
/** What a server says of a refusal is for operators; the start of it is enough. */
const EXCERPT_LENGTH = 300
const MAY_NOT_BE_CANCELLED = new Set([404, 405, 409])

/** Calls of one server, each made once. */
export const createTasksExchange = (
  server: TasksServer,
  transport: TasksTransport,
): TasksExchange => {
  const { label, apiKey, path, failures } = server
  const base = server.url.replace(/\/+$/, '')
  const pathOf = (taskId: string): string => `${path}/${encodeURIComponent(taskId)}`

  const refusal = ({ status, headers, bodyText }: TasksAnswer): MediaError => {
    const passing = status === 429 || status >= 500 || status === 408
    const retryAfterMs = parseRetryAfterMs(headers['retry-after'], Date.now())
    return new MediaError(
      passing ? failures.unavailable : failures.rejected,
      `${label} answered ${status}: ${bodyText.slice(0, EXCERPT_LENGTH)}`,
      retryAfterMs === undefined ? {} : { retryAfterMs },
    )
  }

  const call = async (
    target: string,
    request: Pick<Parameters<TasksTransport['request']>[1], 'method' | 'body'>,
    { headers, signal }: { headers?: Record<string, string>; signal: AbortSignal | undefined },
  ): Promise<TasksAnswer> => {
    try {
      return await transport.request(`${base}${target}`, {
        ...request,
        headers: { authorization: `Bearer ${apiKey}`, accept: 'application/json', ...headers },
        timeoutMs: REQUEST_TIMEOUT_MS,
        maxResponseBytes: ANSWER_BYTES_MAX,
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (error) {
      signal?.throwIfAborted()
      throw new MediaError(failures.unavailable, `${label} gave no answer`, { cause: error })
    }
  }

  const taskOf = (answer: TasksAnswer): RemoteTaskAnswer => {
    if (answer.status < 200 || answer.status > 299) throw refusal(answer)
    const task = readJson(remoteTaskSchema, answer.bodyText)
    if (task !== null) return task
    throw new MediaError(failures.invalid, `${label} answered something that is no task`)
  }

  const get = (target: string, signal?: AbortSignal) => call(target, { method: 'GET' }, { signal })

  return {
    refusal,
    taskOf,
    get,
    find: async (taskId, signal) => taskOf(await get(pathOf(taskId), signal)),
    order: async ({ idempotencyKey, body, signal }) => {
      const answer = await call(
        path,
        { method: 'POST', body: JSON.stringify(body) },
        {
          headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
          signal,
        },
      )
      if (answer.status === 409) throw refusal({ ...answer, status: 503 })
      return answer
    },
    cancel: async (taskId, signal) => {
      const answer = await call(`${pathOf(taskId)}/cancel`, { method: 'POST' }, { signal })
      if (answer.status >= 300 && !MAY_NOT_BE_CANCELLED.has(answer.status)) throw refusal(answer)
    },
  }
}
