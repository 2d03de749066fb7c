import { createHash } from 'node:crypto'
import { CloudFrontClient, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront'
import { MediaError } from '../../domain/failures.ts'
import { parseRetryAfterMs } from '../../domain/retry-after.ts'
import type { Cdn } from './cdn.ts'

/** Without keys the client finds credentials by the standard AWS chain (role, profile). */
export interface CloudFrontConfig {
  readonly kind: 'cloudfront'
  readonly distributionId: string
  readonly region?: string | undefined
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  readonly endpoint?: string | undefined
}

const REQUEST_TIMEOUT_MS = 10_000

/** 4xx answers that only mean "not now"; every other 4xx will be the same next time. */
const BUSY_ERRORS: ReadonlySet<string> = new Set([
  'TooManyInvalidationsInProgress',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestTimeout',
  'RequestExpired',
])

/**
 * CloudFront, by Amazon's client. *Idempotent:* the CallerReference is derived from the content key and
 * the paths, and CloudFront answers a repeated one with the earlier invalidation.
 * *Source:* CreateInvalidation, API version 2020-05-31.
 */
export function createCloudFrontCdn(config: CloudFrontConfig): Cdn {
  const client = createClient(config)
  return {
    name: 'cloudfront',
    invalidate: async ({ urls, contentKey, signal }) => {
      const paths = pathsOf(urls)
      if (paths.length === 0) return { reference: null }
      const command = new CreateInvalidationCommand({
        DistributionId: config.distributionId,
        InvalidationBatch: {
          CallerReference: callerReference(contentKey, paths),
          Paths: { Quantity: paths.length, Items: paths },
        },
      })
      try {
        const { Invalidation } = await client.send(command, signal ? { abortSignal: signal } : {})
        return { reference: Invalidation?.Id ?? null }
      } catch (error) {
        signal?.throwIfAborted()
        throw cloudFrontFailure(error)
      }
    },
  }
}

function createClient(config: CloudFrontConfig): CloudFrontClient {
  const { accessKeyId, secretAccessKey, endpoint } = config
  return new CloudFrontClient({
    // CloudFront is a global service whose control plane lives there.
    region: config.region ?? 'us-east-1',
    // One attempt: whoever runs the step decides about retries.
    maxAttempts: 1,
    requestHandler: {
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey } }),
  })
}

/** Sorted and without doubles, so that the order in which files became ready does not matter. */
const pathsOf = (urls: readonly string[]): string[] =>
  [
    ...new Set(
      urls.map((url) => {
        const { pathname, search } = new URL(url)
        return pathname + search
      }),
    ),
  ].toSorted()

const callerReference = (contentKey: string, paths: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify([contentKey, paths]))
    .digest('hex')

interface AwsFault {
  readonly name?: string
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

function cloudFrontFailure(error: unknown): MediaError {
  const fault = (typeof error === 'object' && error !== null ? error : {}) as AwsFault
  const status = fault.$metadata?.httpStatusCode
  const name = fault.name ?? 'Error'
  // Amazon's message may quote the signed request, so only its code goes on record.
  const detail =
    status === undefined
      ? `CloudFront gave no answer: ${fault.code ?? name}`
      : `CloudFront answered ${status} ${name}, request ${fault.$metadata?.requestId ?? 'unknown'}`
  // Without credentials no request was made, and the next attempt will not find any either.
  const isFinal =
    name === 'CredentialsProviderError' ||
    (status !== undefined &&
      status >= 400 &&
      status < 500 &&
      !BUSY_ERRORS.has(name) &&
      status !== 429)
  const retryAfterMs = parseRetryAfterMs(fault.$response?.headers?.['retry-after'], Date.now())
  return new MediaError(
    isFinal ? 'CDN_REJECTED' : 'CDN_FAILED',
    detail,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}
