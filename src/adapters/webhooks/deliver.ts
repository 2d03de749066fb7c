import { MediaError, type FailureCode } from '../../domain/failures.ts'
import { parseRetryAfterMs } from '../../domain/retry-after.ts'

/**
 * The guarded fetcher: it refuses private addresses, follows no redirect of a POST, and cuts (does not
 * refuse) an answer that is longer than `maxResponseBytes`. Header names come in lower case.
 */
export type WebhookFetcher = (
  url: string,
  options: {
    readonly method: 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly timeoutMs: number
    readonly maxResponseBytes: number
    readonly signal?: AbortSignal
  },
) => Promise<{
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bodyText: string
}>

export interface WebhookDelivery {
  readonly url: string
  /** The signature headers; the content type is set here. */
  readonly headers: Readonly<Record<string, string>>
  /** JSON, exactly as it was signed. */
  readonly body: string
  readonly fetcher: WebhookFetcher
  readonly signal?: AbortSignal
}

export interface WebhookDeliveryResult {
  /** Null when no answer came: then `failureCode` says why. */
  readonly status: number | null
  readonly failureCode: FailureCode | null
  readonly durationMs: number
  /** The first 1 KB of the answer, for the owner of the endpoint. */
  readonly responseSnippet: string
  readonly retryAfterMs?: number
}

/** The specification asks for 15 to 30 seconds. */
const TIMEOUT_MS = 15_000

const SNIPPET_BYTES = 1024

/**
 * Makes one attempt at a delivery. A refusing, failing or forbidden endpoint is an expected outcome and
 * therefore a result, not an error; only a cancel, or a fault of ours, is thrown.
 */
export async function deliverWebhook(delivery: WebhookDelivery): Promise<WebhookDeliveryResult> {
  const { url, headers, body, fetcher, signal } = delivery
  const startedAtMs = performance.now()
  const durationMs = (): number => Math.round(performance.now() - startedAtMs)
  try {
    const answer = await fetcher(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'Spool-Webhooks/1' },
      body,
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: SNIPPET_BYTES,
      ...(signal === undefined ? {} : { signal }),
    })
    const retryAfterMs = parseRetryAfterMs(answer.headers['retry-after'], Date.now())
    return {
      status: answer.status,
      failureCode: null,
      durationMs: durationMs(),
      responseSnippet: firstBytes(answer.bodyText),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof MediaError) || error.code === 'CANCELED') throw error
    return {
      status: null,
      failureCode: error.code,
      durationMs: durationMs(),
      responseSnippet: '',
    }
  }
}

/** NUL goes, because PostgreSQL stores no text that holds one; so does a character cut in half. */
const firstBytes = (text: string): string =>
  Buffer.from(text)
    .subarray(0, SNIPPET_BYTES)
    .toString()
    .replace(/\uFFFD$/, '')
    .replaceAll('\u0000', '')
