import { keyOf, rootUrlOf, type ApiAccess } from './api-access.ts'
import { SpoolError, type Finding } from './spool-error.ts'

/** A server that is restarted is back by then. */
const ATTEMPTS_MAX = 5
const PAUSE_MS = 500
const PAUSE_MS_MAX = 10_000

interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  /** Makes a repeated POST the same order. */
  readonly idempotencyKey?: string
}

interface Problem {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly error?: string
  readonly requestId?: string
  readonly errors?: readonly Finding[]
  readonly findings?: readonly Finding[]
}

/** Waits, or throws what the signal was aborted with. */
export const pause = async (durationMs: number, signal?: AbortSignal): Promise<void> => {
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const done = () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    const timer = setTimeout(done, durationMs)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}

const requestOf = (access: ApiAccess, { method, body, idempotencyKey }: Call): RequestInit => ({
  method,
  headers: {
    authorization: `Bearer ${keyOf(access)}`,
    accept: 'application/json',
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
  },
  ...(body !== undefined && { body: JSON.stringify(body) }),
  ...(access.signal && { signal: access.signal }),
})

const problemOf = async (response: Response): Promise<SpoolError> => {
  const text = await response.text()
  let problem: Problem = {}
  try {
    problem = JSON.parse(text) as Problem
  } catch {
    // A proxy answered in words of its own; the status says enough.
  }
  const { code, title, detail, error, requestId, errors = [], findings = errors } = problem
  return new SpoolError(detail ?? error ?? title ?? `The server answered ${response.status}.`, {
    code: code ?? `HTTP_${response.status}`,
    status: response.status,
    requestId: requestId ?? null,
    findings,
  })
}

const mayPass = (status: number): boolean => status === 429 || status === 502 || status === 503

const pauseMsOf = (response: Response | null, attempt: number): number => {
  const seconds = Number(response?.headers.get('retry-after') ?? Number.NaN)
  const askedMs = Number.isFinite(seconds) ? seconds * 1000 : PAUSE_MS * 2 ** attempt
  return Math.min(askedMs, PAUSE_MS_MAX)
}

/**
 * Asks the server and reads its answer. What may pass (no connection, 429, 502, 503) is tried again;
 * a POST only if a key makes its repetition harmless.
 *
 * *Errors:* SpoolError with the server's code and findings, or UNREACHABLE; what the signal carries.
 */
export const callApi = async <Answer>(access: ApiAccess, call: Call): Promise<Answer> => {
  const request = requestOf(access, call)
  const url = `${rootUrlOf(access)}${call.path}`
  const attemptsMax = call.method === 'GET' || call.idempotencyKey ? ATTEMPTS_MAX : 1
  for (let attempt = 0; ; attempt += 1) {
    const isLast = attempt === attemptsMax - 1
    let response: Response | null = null
    try {
      response = await fetch(url, request)
    } catch (cause) {
      access.signal?.throwIfAborted()
      if (isLast) {
        throw new SpoolError(`No answer from ${rootUrlOf(access)}: is the server running?`, {
          code: 'UNREACHABLE',
          cause,
        })
      }
    }
    if (response?.ok) return (await response.json()) as Answer
    if (response && (isLast || !mayPass(response.status))) throw await problemOf(response)
    await response?.body?.cancel()
    await pause(pauseMsOf(response, attempt), access.signal)
  }
}
