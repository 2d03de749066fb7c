import { remoteTaskSchema, type RemoteTaskAnswer } from '../../contracts/tasks-dialect.ts'
import { MediaError } from '../../domain/failures.ts'
import { parseRetryAfterMs } from '../../domain/retry-after.ts'

/** The guarded fetcher, as far as it is needed here. */
export interface RendererTransport {
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
  ): Promise<{
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly bodyText: string
  }>
}

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

const REQUEST_TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 256 * 1024

/**
 * *Errors:* RENDERER_UNAVAILABLE (no answer, 429, 5xx; with its Retry-After), RENDERER_REJECTED (any
 * other refusal), RENDERER_FAILED (an answer that is not of the dialect). No retries of its own.
 */
export const createTasksRenderer = (
  config: { readonly name: string; readonly url: string; readonly apiKey: string },
  transport: RendererTransport,
): TasksRenderer => {
  const base = config.url.replace(/\/+$/, '')
  const call = async (
    method: 'GET' | 'POST',
    path: string,
    options: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal | undefined },
  ) => {
    try {
      return await transport.request(`${base}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${config.apiKey}`,
          accept: 'application/json',
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        timeoutMs: REQUEST_TIMEOUT_MS,
        maxResponseBytes: ANSWER_BYTES_MAX,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      })
    } catch (error) {
      options.signal?.throwIfAborted()
      throw new MediaError('RENDERER_UNAVAILABLE', `renderer ${config.name} gave no answer`, {
        cause: error,
      })
    }
  }

  return {
    name: config.name,
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
      if (answer.status === 409) throw refusal(config.name, { ...answer, status: 503 })
      return taskOf(config.name, answer)
    },
    get: async (taskId, signal) =>
      taskOf(config.name, await call('GET', `/v1/tasks/${encodeURIComponent(taskId)}`, { signal })),
    cancel: async (taskId, signal) => {
      const path = `/v1/tasks/${encodeURIComponent(taskId)}/cancel`
      const answer = await call('POST', path, { signal })
      if (answer.status >= 300 && answer.status !== 404 && answer.status !== 409) {
        throw refusal(config.name, answer)
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

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bodyText: string
}

const taskOf = (name: string, answer: Answer): RemoteTaskAnswer => {
  if (answer.status < 200 || answer.status > 299) throw refusal(name, answer)
  const parsed = remoteTaskSchema.safeParse(jsonOf(answer.bodyText))
  if (parsed.success) return parsed.data
  throw new MediaError('RENDERER_FAILED', `renderer ${name} answered something that is no task`)
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a renderer says of a refusal is for operators; the start of it is enough. */
const EXCERPT_LENGTH = 300

const refusal = (name: string, { status, headers, bodyText }: Answer): MediaError => {
  const passing = status === 429 || status >= 500 || status === 408
  const retryAfterMs = parseRetryAfterMs(headers['retry-after'], Date.now())
  return new MediaError(
    passing ? 'RENDERER_UNAVAILABLE' : 'RENDERER_REJECTED',
    `renderer ${name} answered ${status}: ${bodyText.slice(0, EXCERPT_LENGTH)}`,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}
