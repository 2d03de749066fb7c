import { MediaError, type FailureCode } from '../../domain/failures.ts'

const FAILURES: Partial<Record<FailureCode, FailureCode>> = {
  SOURCE_UNAVAILABLE: 'PROVIDER_UNAVAILABLE',
  SOURCE_FORBIDDEN: 'PROVIDER_OUTPUT_INVALID',
  SOURCE_NOT_FOUND: 'PROVIDER_OUTPUT_INVALID',
  MEDIA_TOO_LARGE: 'PROVIDER_OUTPUT_INVALID',
  MEDIA_UNREADABLE: 'PROVIDER_OUTPUT_INVALID',
  MEDIA_UNSUPPORTED: 'PROVIDER_OUTPUT_INVALID',
}

/** An address that the provider named, and what lies there, is its own doing and not our customer's. */
export const asProviderFailure = (error: unknown): unknown => {
  const code = error instanceof MediaError ? FAILURES[error.code] : undefined
  if (!(error instanceof MediaError) || code === undefined) return error
  const { internalDetail, retryAfterMs } = error
  const options = { cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  return new MediaError(code, internalDetail, options)
}
