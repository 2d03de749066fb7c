import { createHmac, timingSafeEqual } from 'node:crypto'

import { isObjectKey } from '../../domain/object-key.ts'
import type { SignGetOptions, SignPutOptions } from './object-store.ts'

export interface UrlSignerOptions {
  /** Where clients reach the API, without a slash at the end. */
  readonly publicUrl: string
  /** At least 32 bytes of chance; whoever has it may read and write every object. */
  readonly secret: string
  readonly nowMs?: () => number
}

/** What a request shows: its method, the key in its path and its query. */
export interface SignedRequest {
  readonly method: string
  readonly key: string
  readonly query: Readonly<Record<string, unknown>>
}

/** What a valid signature allows. `maxBytes` and `contentType` come with a PUT only. */
export interface UrlGrant {
  readonly key: string
  readonly downloadName?: string
  readonly contentType?: string
  readonly maxBytes?: number
}

export type UrlVerdict =
  | { readonly valid: true; readonly grant: UrlGrant }
  | { readonly valid: false; readonly reason: 'malformed' | 'forged' | 'expired' }

export interface UrlSigner {
  readonly signGet: (key: string, options: SignGetOptions) => string
  readonly signPut: (key: string, options: SignPutOptions) => string
  /** HEAD is allowed by the signature of a GET. */
  readonly verify: (request: SignedRequest) => UrlVerdict
}

interface Claims {
  readonly method: 'GET' | 'PUT'
  readonly key: string
  readonly expires: string
  readonly maxBytes: string
  readonly contentType: string
  readonly downloadName: string
}

const signatureOf = (secret: string, claims: Claims): Buffer =>
  createHmac('sha256', secret)
    // JSON keeps the fields apart: no value can spill over into its neighbour.
    .update(
      JSON.stringify([
        'spool-url-1',
        claims.method,
        claims.key,
        claims.expires,
        claims.maxBytes,
        claims.contentType,
        claims.downloadName,
      ]),
    )
    .digest()

/**
 * Signed, expiring URLs of the form `{publicUrl}/files/{key}?expires=…&signature=…` (HMAC-SHA256). The
 * signature covers the method, the key, the end, and all that the URL says about type, size and name.
 */
export const createUrlSigner = (options: UrlSignerOptions): UrlSigner => {
  const { publicUrl, secret, nowMs = Date.now } = options
  if (Buffer.byteLength(secret) < 32) throw new TypeError('the secret needs at least 32 bytes')

  const urlOf = (claims: Claims): string => {
    const query = new URLSearchParams({ expires: claims.expires })
    if (claims.maxBytes) query.set('maxBytes', claims.maxBytes)
    if (claims.contentType) query.set('contentType', claims.contentType)
    if (claims.downloadName) query.set('downloadName', claims.downloadName)
    query.set('signature', signatureOf(secret, claims).toString('base64url'))
    return `${publicUrl}/files/${claims.key}?${query.toString()}`
  }
  const endOf = (expiresInSeconds: number, signedAt?: Date): string => {
    const fromMs = signedAt?.getTime() ?? nowMs()
    return String(Math.floor(fromMs / 1000) + Math.max(1, Math.ceil(expiresInSeconds)))
  }

  return {
    signGet: (key, { expiresInSeconds, signedAt, downloadName = '' }) =>
      urlOf({
        method: 'GET',
        key,
        expires: endOf(expiresInSeconds, signedAt),
        maxBytes: '',
        contentType: '',
        downloadName,
      }),
    signPut: (key, { expiresInSeconds, contentType, maxBytes }) =>
      urlOf({
        method: 'PUT',
        key,
        expires: endOf(expiresInSeconds),
        maxBytes: String(maxBytes),
        contentType,
        downloadName: '',
      }),
    verify: (request) => verify(request, secret, nowMs()),
  }
}

const verify = (request: SignedRequest, secret: string, nowMs: number): UrlVerdict => {
  const claims = readClaims(request)
  const shown = request.query['signature']
  if (!claims || typeof shown !== 'string') return { valid: false, reason: 'malformed' }
  const expected = signatureOf(secret, claims)
  const given = Buffer.from(shown, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return { valid: false, reason: 'forged' }
  }
  if (Number(claims.expires) * 1000 <= nowMs) return { valid: false, reason: 'expired' }
  return {
    valid: true,
    grant: {
      key: claims.key,
      ...(claims.downloadName ? { downloadName: claims.downloadName } : {}),
      ...(claims.contentType ? { contentType: claims.contentType } : {}),
      ...(claims.maxBytes ? { maxBytes: Number(claims.maxBytes) } : {}),
    },
  }
}

const readClaims = ({ method, key, query }: SignedRequest): Claims | undefined => {
  const verb = method === 'HEAD' ? 'GET' : method
  if ((verb !== 'GET' && verb !== 'PUT') || !isObjectKey(key)) return undefined
  // A parameter given twice arrives as a list, and is nothing that we signed.
  const text = (name: string): string | undefined => {
    const value = query[name] ?? ''
    return typeof value === 'string' ? value : undefined
  }
  const expires = text('expires')
  const maxBytes = text('maxBytes')
  const contentType = text('contentType')
  const downloadName = text('downloadName')
  if (maxBytes === undefined || contentType === undefined || downloadName === undefined) {
    return undefined
  }
  if (!expires || !/^\d{1,12}$/.test(expires)) return undefined
  return { method: verb, key, expires, maxBytes, contentType, downloadName }
}
