import { MediaError } from '../../domain/failures.ts'
import { parseRetryAfterMs } from '../../domain/retry-after.ts'

/** What the AWS client throws, as far as it is looked at. */
export interface S3Fault {
  readonly name?: string
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

/** By these names various servers say that their disk or quota is used up. */
const FULL: ReadonlySet<string | undefined> = new Set([
  'ENOSPC',
  'EDQUOT',
  'InsufficientStorage',
  'QuotaExceeded',
  'XAdminQuotaExceeded',
  'XMinioStorageFull',
])

const NO_OBJECT: ReadonlySet<string | undefined> = new Set(['NoSuchKey', 'NotFound'])

export const asFault = (error: unknown): S3Fault =>
  typeof error === 'object' && error !== null ? error : {}

/** Whether S3 says that there is no such object (or, to a HEAD, no such bucket). */
export const isNotFound = (error: unknown): boolean => {
  const { name, $metadata } = asFault(error)
  return NO_OBJECT.has(name) || ($metadata?.httpStatusCode === 404 && name !== 'NoSuchBucket')
}

/** Names what S3 or the network reports; what is named already is left as it is. */
export const s3Failure = (error: unknown, doing: string): MediaError => {
  if (error instanceof MediaError) return error
  const fault = asFault(error)
  const { name = 'Error', code, $metadata } = fault
  const status = $metadata?.httpStatusCode
  // The message may quote the signed request, so only its code goes on record.
  const detail =
    status === undefined
      ? `${doing}: S3 gave no whole answer (${code ?? name})`
      : `${doing}: S3 answered ${status} ${name}, request ${$metadata?.requestId ?? 'unknown'}`
  if (isNotFound(error)) return new MediaError('STORAGE_NOT_FOUND', detail)
  if (status === 416) return new MediaError('RANGE_UNSATISFIABLE', detail)
  if (status === 507 || FULL.has(name) || FULL.has(code)) return new MediaError('DISK_FULL', detail)
  const retryAfterMs = parseRetryAfterMs(fault.$response?.headers?.['retry-after'], Date.now())
  return new MediaError(
    'STORAGE_UNAVAILABLE',
    detail,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}
