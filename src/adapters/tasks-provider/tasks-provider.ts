import type { RemoteTaskAnswer } from '../../contracts/tasks-dialect.ts'
import { MediaError } from '../../domain/failures.ts'
import {
  ittybitOrder,
  type ProvidedKind,
  type ProviderDialect,
} from '../../domain/task-providers.ts'
import {
  createTasksExchange,
  type TasksAnswer,
  type TasksExchange,
  type TasksTransport,
} from './tasks-exchange.ts'

export interface ProviderOrder {
  readonly idempotencyKey: string
  readonly kind: ProvidedKind
  /** A URL that the provider can read. */
  readonly input: string
  readonly options: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, unknown>>
  readonly webhookUrl: string
}

/** A server that single media operations can be sent to. */
export interface TasksProvider {
  readonly name: string
  submit(order: ProviderOrder, signal?: AbortSignal): Promise<RemoteTaskAnswer>
  readonly get: TasksExchange['find']
  readonly cancel: TasksExchange['cancel']
}

const FAILURES = {
  unavailable: 'PROVIDER_UNAVAILABLE',
  rejected: 'PROVIDER_REJECTED',
  invalid: 'PROVIDER_OUTPUT_INVALID',
} as const

/** Nothing of the request can have arrived. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])

/**
 * The client's side of the tasks dialect. *Guarantee:* one request for each call, no retries inside. A
 * Spool keeps orders apart by their key, so that a lost answer may be asked for again; the hosted service
 * knows no key, so that there an order of unknown outcome is said to be one, and not paid twice.
 * *Errors:* PROVIDER_UNAVAILABLE (429, 5xx, no answer; with its Retry-After), PROVIDER_REJECTED,
 * PROVIDER_OUTPUT_INVALID (no task: a page, half an answer), PROVIDER_OUTCOME_UNKNOWN.
 */
export const createTasksProvider = (
  config: {
    readonly name: string
    readonly url: string
    readonly apiKey: string
    readonly dialect: ProviderDialect
  },
  transport: TasksTransport,
): TasksProvider => {
  const { name, url, apiKey, dialect } = config
  const path = dialect === 'spool' ? '/v1/tasks' : '/jobs'
  const exchange = createTasksExchange(
    { label: `provider ${name}`, url, apiKey, path, failures: FAILURES },
    transport,
  )
  return {
    name,
    get: exchange.find,
    cancel: exchange.cancel,
    submit: async (order, signal) => {
      const { kind, options } =
        dialect === 'ittybit' ? ittybitOrder(order.kind, order.options) : order
      const { input, metadata, webhookUrl, idempotencyKey } = order
      const body = { input, kind, options, metadata, webhook_url: webhookUrl }
      try {
        const answer = await exchange.order({ idempotencyKey, body, signal })
        if (dialect === 'ittybit' && isAmbiguous(answer)) {
          throw unknownOutcome(name, exchange.refusal(answer))
        }
        return exchange.taskOf(answer)
      } catch (error) {
        throw dialect === 'spool' ? error : withoutDoubt(name, error)
      }
    },
  }
}

/** A gateway that gave up on the server says nothing about what the server did. */
const isAmbiguous = ({ status }: TasksAnswer): boolean => status >= 500 && status !== 503

/** An answer that is lost, or that cannot be read, may be the answer to an order that was taken. */
const withoutDoubt = (name: string, error: unknown): unknown => {
  if (!(error instanceof MediaError)) return error
  if (error.code === 'PROVIDER_OUTPUT_INVALID') return unknownOutcome(name, error)
  const isLost = error.code === 'PROVIDER_UNAVAILABLE' && error.cause !== undefined
  return isLost && !wasNeverSent(error.cause) ? unknownOutcome(name, error) : error
}

const wasNeverSent = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  return (typeof code === 'string' && NEVER_SENT.has(code)) || wasNeverSent(error.cause)
}

const unknownOutcome = (name: string, cause: MediaError): MediaError =>
  new MediaError('PROVIDER_OUTCOME_UNKNOWN', `provider ${name} may have taken the order`, { cause })
