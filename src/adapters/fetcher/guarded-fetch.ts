import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { Agent, request } from 'undici'
import type { Dispatcher } from 'undici'

import { MediaError } from '../../domain/failures.ts'
import { byteLimit } from '../storage/byte-limit.ts'
import { createAddressGuard } from './address-guard.ts'
import type { ResolveHost } from './address-guard.ts'
import { failureOfStatus, oneHeader } from './response-failure.ts'
import { readUpTo } from './read-up-to.ts'
import { watchPace } from './watch-pace.ts'

export interface GuardedFetcherOptions {
  /** `host` or `host:port`, compared exactly: these may have private addresses. */
  readonly allowPrivateHosts: readonly string[]
  readonly maxRedirects?: number
  readonly connectTimeoutMs?: number
  readonly headersTimeoutMs?: number
  /** The longest silence in a body; also the window in which a body has to show a decent pace. */
  readonly bodyTimeoutMs?: number
  /** For a whole download, redirects included. */
  readonly totalTimeoutMs?: number
  readonly userAgent?: string
  readonly resolve?: ResolveHost
}

export interface DownloadOptions {
  /** Must not exist; it is removed again if the download fails. */
  readonly filePath: string
  readonly maxBytes: number
  readonly signal?: AbortSignal
  readonly onProgress?: (receivedBytes: number, expectedBytes: number | null) => void
}

export interface RequestOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For everything, from the look-up to the last byte. */
  readonly timeoutMs: number
  readonly maxResponseBytes: number
  readonly signal?: AbortSignal
}

export interface FetchedResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bodyText: string
  /** There was more than `maxResponseBytes`; the rest was not read. */
  readonly isTruncated: boolean
}

/**
 * The only way to an address that someone else named.
 *
 * *Guarantee:* http and https only; every address that a name leads to is of the public Internet, or no
 * connection is made; the connection goes to an address that was checked; redirects are checked in the
 * same way; time and size are bounded. *Errors:* SOURCE_FORBIDDEN (nothing was connected to),
 * SOURCE_NOT_FOUND, SOURCE_UNAVAILABLE (with the server's Retry-After), MEDIA_TOO_LARGE,
 * MEDIA_UNSUPPORTED (a compressed answer), DISK_FULL. *Cancellation:* the signal's reason.
 */
export interface GuardedFetcher {
  download(
    url: string,
    options: DownloadOptions,
  ): Promise<{ readonly sizeBytes: number; readonly contentType: string | null }>
  /** One request, whatever its status; redirects are handed back, not followed. */
  request(url: string, options: RequestOptions): Promise<FetchedResponse>
  /** Whether an address that is kept for later may be called at all; connects to nothing. A name that
   * cannot be looked up is SOURCE_UNAVAILABLE. */
  check(url: string): Promise<void>
  close(): Promise<void>
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

export const createGuardedFetcher = (options: GuardedFetcherOptions): GuardedFetcher => {
  const {
    maxRedirects = 3,
    connectTimeoutMs = 10_000,
    headersTimeoutMs = 30_000,
    bodyTimeoutMs = 30_000,
    totalTimeoutMs = 30 * 60_000,
    userAgent = 'Spool',
  } = options
  const guard = createAddressGuard({ ...options, connectTimeoutMs })
  const agent = new Agent({ connect: guard.connect })
  const identity = { 'user-agent': userAgent, 'accept-encoding': 'identity' }

  const openFollowing = async (url: string, signal: AbortSignal) => {
    let target = guard.checkUrl(url)
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      const response = await request(target, {
        dispatcher: agent,
        headers: identity,
        headersTimeout: headersTimeoutMs,
        bodyTimeout: bodyTimeoutMs,
        signal,
      })
      const location = oneHeader(response.headers, 'location')
      if (!REDIRECTS.has(response.statusCode) || location === undefined) return response
      discard(response.body)
      target = guard.checkUrl(location, target)
    }
    throw new MediaError('SOURCE_NOT_FOUND', `more than ${maxRedirects} redirects`)
  }

  const download: GuardedFetcher['download'] = async (url, downloadOptions) => {
    const { filePath } = downloadOptions
    const deadline = deadlineOf(totalTimeoutMs, downloadOptions.signal)
    try {
      const response = await openFollowing(url, deadline)
      return await receive(response, { ...downloadOptions, deadline, bodyTimeoutMs })
    } catch (error) {
      // `wx` failed because somebody else's file is there: that one is not ours to remove.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(filePath, { force: true })
      throw translate(error, downloadOptions.signal)
    }
  }

  const send: GuardedFetcher['request'] = async (url, sendOptions) => {
    const { timeoutMs, signal } = sendOptions
    try {
      const response = await request(guard.checkUrl(url), {
        dispatcher: agent,
        method: sendOptions.method,
        headers: { ...identity, ...sendOptions.headers },
        body: sendOptions.body ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: deadlineOf(timeoutMs, signal),
      })
      const body = await readUpTo(response.body, sendOptions.maxResponseBytes)
      return { status: response.statusCode, headers: flat(response.headers), ...body }
    } catch (error) {
      throw translate(error, signal)
    }
  }

  const check: GuardedFetcher['check'] = async (url) => {
    await guard.checkReachable(url).catch((error: unknown) => {
      throw translate(error, undefined)
    })
  }

  return { download, request: send, check, close: () => agent.destroy() }
}

interface ReceiveOptions extends DownloadOptions {
  readonly deadline: AbortSignal
  readonly bodyTimeoutMs: number
}

const receive = async (response: Dispatcher.ResponseData, options: ReceiveOptions) => {
  const { headers, body } = response
  const { filePath, maxBytes, deadline, bodyTimeoutMs, onProgress } = options
  const refusal = refusalOf(response, maxBytes)
  if (refusal) {
    discard(body)
    throw refusal
  }
  const expectedBytes = Number(oneHeader(headers, 'content-length') ?? Number.NaN)
  const pace = watchPace(body, bodyTimeoutMs)
  let sizeBytes = 0
  const limit = byteLimit(maxBytes, (passedBytes) => {
    sizeBytes = passedBytes
    pace.report(passedBytes)
    onProgress?.(passedBytes, Number.isFinite(expectedBytes) ? expectedBytes : null)
  })
  try {
    const file = createWriteStream(filePath, { flags: 'wx', mode: 0o600 })
    await pipeline([body, limit, file], { signal: deadline })
  } finally {
    pace.stop()
  }
  return { sizeBytes, contentType: oneHeader(headers, 'content-type') ?? null }
}

const refusalOf = (response: Dispatcher.ResponseData, maxBytes: number): MediaError | null => {
  const { statusCode, headers } = response
  if (statusCode !== 200) return failureOfStatus(statusCode, headers)
  const encoding = oneHeader(headers, 'content-encoding') ?? 'identity'
  if (encoding !== 'identity') {
    // Nobody asked for it, and a kilobyte of gzip can be a gigabyte.
    return new MediaError('MEDIA_UNSUPPORTED', `the source answered in ${encoding}`)
  }
  const declaredBytes = Number(oneHeader(headers, 'content-length') ?? 0)
  if (declaredBytes > maxBytes) {
    return new MediaError('MEDIA_TOO_LARGE', `${declaredBytes} bytes announced`)
  }
  return null
}

const deadlineOf = (timeoutMs: number, signal: AbortSignal | undefined): AbortSignal => {
  const timeout = AbortSignal.timeout(timeoutMs)
  return signal ? AbortSignal.any([signal, timeout]) : timeout
}

/** Drops the connection too: the rest of an answer that nobody wants may be endless. */
const discard = (body: Readable): void => {
  body.on('error', () => undefined)
  body.destroy()
}

const flat = (headers: Dispatcher.ResponseData['headers']): Record<string, string> =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, oneHeader(headers, name) ?? '']))

const translate = (error: unknown, signal: AbortSignal | undefined): unknown => {
  if (signal?.aborted) return signal.reason
  if (error instanceof MediaError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new MediaError('DISK_FULL', message, { cause: error })
  }
  if (code === 'EEXIST') return new MediaError('INTERNAL', message, { cause: error })
  return new MediaError('SOURCE_UNAVAILABLE', `${code} ${message}`.trim(), { cause: error })
}
