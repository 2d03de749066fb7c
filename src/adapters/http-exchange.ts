import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { request } from 'undici'
import { parseRetryAfterMs } from '../domain/retry-after.ts'

/** One call to a service that the operator configured (never to an address given by a caller). */
export interface HttpCall {
  readonly url: string
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** For the whole exchange, from connecting to the last byte. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
  /** How much of the answer is read; 64 KiB unless told. */
  readonly bodyBytesMax?: number
  /** The body of a good answer (2xx) goes into this new file, and `bodyText` stays empty. */
  readonly bodyPath?: string
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** At most as much of it as was asked for. */
  readonly bodyText: string
  readonly retryAfterMs: number | undefined
}

/**
 * No answer came. `reason` is a short code (`timeout`, `answer too long`, `ECONNREFUSED`, `invalid address`), and there is
 * no `cause`: the client's own errors may quote the URL, which for some services holds the secret.
 */
export class HttpExchangeError extends Error {
  readonly reason: string

  constructor(reason: string) {
    super(`no answer: ${reason}`)
    this.name = 'HttpExchangeError'
    this.reason = reason
  }
}

const DEFAULT_TIMEOUT_MS = 10_000
const MAX_BODY_BYTES = 64 * 1024

/**
 * Sends one request, once: no retry, no redirect, no connection kept open afterwards. Any status is an
 * answer and is returned. *Errors:* HttpExchangeError when there is none; when `signal` was aborted, its
 * own reason is thrown, so that a cancel stays a cancel.
 */
export async function exchange(call: HttpCall): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(call.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout])
  try {
    const response = await request(call.url, {
      method: call.method as 'POST',
      headers: call.headers ?? {},
      body: call.body ?? null,
      // The time of the whole exchange is limited already; slow models are silent for long.
      headersTimeout: 0,
      bodyTimeout: 0,
      signal,
      // A kept connection that the other side has just closed would look like a failed delivery.
      reset: true,
    })
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
    )
    const status = response.statusCode
    const bytesMax = call.bodyBytesMax ?? MAX_BODY_BYTES
    const isFile = call.bodyPath !== undefined && status >= 200 && status < 300
    if (isFile) {
      await pipeline(response.body, upTo(bytesMax), createWriteStream(call.bodyPath))
    }
    return {
      status,
      headers,
      bodyText: isFile ? '' : await readText(response.body, bytesMax),
      retryAfterMs: parseRetryAfterMs(headers['retry-after'], Date.now()),
    }
  } catch (error) {
    call.signal?.throwIfAborted()
    if (error instanceof HttpExchangeError) throw error
    throw new HttpExchangeError(timeout.aborted ? 'timeout' : reasonOf(error))
  }
}

/** Half a text may still say something; half a file is none. */
const upTo = (bytesMax: number) =>
  async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let sizeBytes = 0
    for await (const chunk of chunks) {
      sizeBytes += chunk.byteLength
      if (sizeBytes > bytesMax) throw new HttpExchangeError('answer too long')
      yield chunk
    }
  }

async function readText(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    sizeBytes += chunk.byteLength
    if (sizeBytes >= bytesMax) break
  }
  return Buffer.concat(chunks).subarray(0, bytesMax).toString()
}

/** The error's code only; messages of HTTP clients quote addresses. */
const reasonOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  if (code === 'ERR_INVALID_URL' || code === 'UND_ERR_INVALID_ARG') return 'invalid address'
  return code ?? 'connection failed'
}
