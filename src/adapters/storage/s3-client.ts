import { S3Client } from '@aws-sdk/client-s3'

/** Where the bucket is, and whose it is. */
export interface S3Location {
  /** Without it: AWS, by the region. */
  readonly endpoint?: string | undefined
  /** Where clients reach the endpoint, when that is another address than ours. */
  readonly publicEndpoint?: string | undefined
  readonly region: string
  readonly bucket: string
  /** Without keys the client finds credentials by the standard AWS chain (role, profile). */
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  /** `endpoint/bucket/key`; otherwise `bucket.endpoint/key`. */
  readonly forcePathStyle: boolean
}

const CONNECTION_TIMEOUT_MS = 5_000
/** Without a byte for so long the connection is dead; slow ones always have some. */
const SILENCE_TIMEOUT_MS = 30_000
/** For a part of an upload that meets a hiccup. Whoever runs the step decides about everything longer. */
const ATTEMPTS_MAX = 3

/** The official client. It asks for no checksums beyond the signed hash of each body, which every
 * server that speaks S3 verifies; the newer ones are unknown to many of them. */
export const createS3Client = (location: S3Location): S3Client => {
  const { endpoint, region, accessKeyId, secretAccessKey, forcePathStyle } = location
  return new S3Client({
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey } }),
    maxAttempts: ATTEMPTS_MAX,
    retryMode: 'standard',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      socketTimeout: SILENCE_TIMEOUT_MS,
    },
  })
}
