import type { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { exchange, HttpExchangeError, type HttpAnswer } from '../http-exchange.ts'
import { callProvider, jsonOf, providerRefusal } from '../provider-failure.ts'

export interface ProviderRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the base URL, with its query. */
  readonly path: string
  readonly json?: unknown
  /** Sent as multipart; what is not a text goes as JSON. */
  readonly form?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
  /** 1 MiB unless told: answers are small, and media come by URL. */
  readonly answerBytesMax?: number
  /** Where the body of a good answer goes instead. */
  readonly filePath?: string
}

/** Calls of one provider, each made once. */
export interface ProviderExchange {
  /** Asks, at no price. Every status is an answer. *Errors:* PROVIDER_UNAVAILABLE. */
  ask(request: ProviderRequest): Promise<HttpAnswer>
  /** Sends what has to be paid, and takes only 2xx. *Errors:* PROVIDER_UNAVAILABLE and PROVIDER_REJECTED:
   * surely not taken; PROVIDER_OUTCOME_UNKNOWN: perhaps it was. */
  order(request: ProviderRequest): Promise<HttpAnswer>
  /** What a 2xx to an order says. *Errors:* PROVIDER_OUTCOME_UNKNOWN when it cannot be read. */
  receipt<T>(answer: HttpAnswer, shape: z.ZodType<T>): T
  /** What a 2xx to an order brings with it. *Errors:* as `receipt`; PROVIDER_OUTPUT_INVALID when it can be
   * read, and what is due is not in it. */
  product<T>(answer: HttpAnswer, shape: z.ZodType<T>): T
  /** What an answer says. *Errors:* those of its status; PROVIDER_OUTPUT_INVALID. */
  read<T>(answer: HttpAnswer, shape: z.ZodType<T>): T
  /** What an answer that is no success means. */
  refusal(answer: HttpAnswer): MediaError
}

/** Nothing was sent: the connection was not made. */
const NEVER_SENT = new Set([
  'invalid address',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** A gateway had no answer from behind it, where the order may have been taken. 520 and 524 are
 * Cloudflare's. */
const GATEWAY = new Set([502, 504, 520, 524])

/** Said with 429 as well, but no waiting brings money. */
const NO_MONEY = /insufficient_quota/

const TIMEOUT_MS = 60_000
const ANSWER_BYTES_MAX = 1 << 20

export const isGood = ({ status }: Pick<HttpAnswer, 'status'>): boolean =>
  status >= 200 && status < 300

export const createProviderExchange = (server: {
  readonly provider: string
  readonly baseUrl: string
  /** With the key. */
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs?: number | undefined
}): ProviderExchange => {
  const { provider } = server
  const base = server.baseUrl.replace(/\/+$/, '')

  const callOf = async (request: ProviderRequest) => {
    const { body, contentType } = await encoded(request)
    const { timeoutMs = server.timeoutMs ?? TIMEOUT_MS, filePath } = request
    return {
      url: `${base}${request.path}`,
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(contentType === null ? {} : { 'content-type': contentType }),
        ...server.headers,
        ...request.headers,
      },
      ...(body === null ? {} : { body }),
      timeoutMs,
      signal: request.signal,
      bodyBytesMax: request.answerBytesMax ?? ANSWER_BYTES_MAX,
      ...(filePath === undefined ? {} : { bodyPath: filePath }),
    }
  }

  const refusal = (answer: HttpAnswer): MediaError => {
    const isBroke = answer.status === 429 && NO_MONEY.test(answer.bodyText)
    const status = isBroke ? 402 : answer.status
    return providerRefusal(provider, { ...answer, status }, excerptOf(answer.bodyText))
  }

  const unknown = (detail: string): MediaError =>
    new MediaError('PROVIDER_OUTCOME_UNKNOWN', `${provider} ${detail}`)

  const accepted = <T>(json: unknown, shape: z.ZodType<T>): T => {
    const parsed = shape.safeParse(json)
    if (parsed.success) return parsed.data
    const missing = parsed.error.issues[0]?.path.join('.') ?? ''
    throw new MediaError('PROVIDER_OUTPUT_INVALID', `${provider} answered without ${missing}`)
  }

  return {
    refusal,
    ask: async (request) => await callProvider(provider, await callOf(request)),
    order: async (request) => {
      const call = await callOf(request)
      const answer = await exchange(call).catch((error: unknown) => {
        if (!(error instanceof HttpExchangeError)) throw error
        if (!NEVER_SENT.has(error.reason)) throw unknown(`took it, and then: ${error.reason}`)
        throw new MediaError('PROVIDER_UNAVAILABLE', `${provider} gave no answer: ${error.reason}`)
      })
      if (GATEWAY.has(answer.status)) throw unknown(`answered ${answer.status}`)
      if (!isGood(answer)) throw refusal(answer)
      return answer
    },
    receipt: (answer, shape) => {
      const parsed = shape.safeParse(parsedOr(answer.bodyText))
      if (parsed.success) return parsed.data
      throw unknown(`took it, and answered ${excerptOf(answer.bodyText)}`)
    },
    product: (answer, shape) => {
      const json = parsedOr(answer.bodyText)
      if (json === undefined) throw unknown(`took it, and answered ${excerptOf(answer.bodyText)}`)
      return accepted(json, shape)
    },
    read: (answer, shape) => {
      if (!isGood(answer)) throw refusal(answer)
      return accepted(jsonOf(provider, answer), shape)
    },
  }
}

/** The start of what a provider says, for operators, without the addresses in it: those that we gave
 * are signed. */
export const excerptOf = (text: string): string =>
  text
    .slice(0, 2_000)
    .replaceAll(/\bhttps?:\/\/[^\s"'<>\\]+/g, '[address]')
    .slice(0, 300)

const parsedOr = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const encoded = async ({
  json,
  form,
}: ProviderRequest): Promise<{
  readonly body: string | Uint8Array | null
  readonly contentType: string | null
}> => {
  if (form !== undefined) {
    // A form's boundary is made when it is encoded, and stands in its content type.
    const multipart = new Response(formOf(form))
    const contentType = multipart.headers.get('content-type')
    return { body: new Uint8Array(await multipart.arrayBuffer()), contentType }
  }
  if (json === undefined) return { body: null, contentType: null }
  return { body: JSON.stringify(json), contentType: 'application/json' }
}

const formOf = (fields: Readonly<Record<string, unknown>>): FormData => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue
    form.set(name, typeof value === 'string' ? value : JSON.stringify(value))
  }
  return form
}
