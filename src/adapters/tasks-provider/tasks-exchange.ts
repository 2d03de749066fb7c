/** What the renderer's client and the provider's client share: one exchange of the tasks dialect. */

import { remoteTaskSchema, type RemoteTaskAnswer } from '../../contracts/tasks-dialect.ts'
import { MediaError, type FailureCode } from '../../domain/failures.ts'
import { parseRetryAfterMs } from '../../domain/retry-after.ts'

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
  /** What no answer (also 429 and 5xx), another refusal, and an answer that is no task are called. */
  readonly failures: Readonly<Record<'unavailable' | 'rejected' | 'invalid', FailureCode>>
}

interface TasksCall {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

export interface TasksExchange {
  call(method: 'GET' | 'POST', path: string, options: TasksCall): Promise<TasksAnswer>
  /** The task of an answer. *Errors:* the failures of the server. */
  taskOf(answer: TasksAnswer): RemoteTaskAnswer
  refusal(answer: TasksAnswer): MediaError
}

const REQUEST_TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 256 * 1024
/** What a server says of a refusal is for operators; the start of it is enough. */
const EXCERPT_LENGTH = 300

/** Calls of one server, each made once. */
export const createTasksExchange = (
  server: TasksServer,
  transport: TasksTransport,
): TasksExchange => {
  const { label, apiKey, failures } = server
  const base = server.url.replace(/\/+$/, '')

  const refusal = ({ status, headers, bodyText }: TasksAnswer): MediaError => {
    const passing = status === 429 || status >= 500 || status === 408
    const retryAfterMs = parseRetryAfterMs(headers['retry-after'], Date.now())
    return new MediaError(
      passing ? failures.unavailable : failures.rejected,
      `${label} answered ${status}: ${bodyText.slice(0, EXCERPT_LENGTH)}`,
      retryAfterMs === undefined ? {} : { retryAfterMs },
    )
  }

  return {
    refusal,
    call: async (method, path, { body, headers, signal }) => {
      try {
        return await transport.request(`${base}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${apiKey}`,
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          timeoutMs: REQUEST_TIMEOUT_MS,
          maxResponseBytes: ANSWER_BYTES_MAX,
          ...(signal === undefined ? {} : { signal }),
        })
      } catch (error) {
        signal?.throwIfAborted()
        throw new MediaError(failures.unavailable, `${label} gave no answer`, { cause: error })
      }
    },
    taskOf: (answer) => {
      if (answer.status < 200 || answer.status > 299) throw refusal(answer)
      const parsed = remoteTaskSchema.safeParse(jsonOf(answer.bodyText))
      if (parsed.success) return parsed.data
      throw new MediaError(failures.invalid, `${label} answered something that is no task`)
    },
  }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
