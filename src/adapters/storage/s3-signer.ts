import { createHash, timingSafeEqual } from 'node:crypto'

import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

import { attachmentDisposition } from '../../domain/content-disposition.ts'
import { isObjectKey } from '../../domain/object-key.ts'
import type { SignGetOptions, SignPutOptions } from './object-store.ts'
import { createS3Client, type S3Location } from './s3-client.ts'

/** Signature version 4 knows no longer life: seven days. */
const SIGNED_SECONDS_MAX = 7 * 24 * 3600

/** Presigned URLs (AWS Signature Version 4) at the address where clients reach S3. */
export interface S3Signer {
  readonly signGet: (key: string, options: SignGetOptions) => Promise<string>
  readonly signPut: (key: string, options: SignPutOptions) => Promise<string>
  /**
   * The key that a URL opens, if it is one of `signGet`'s, to the letter and not yet expired; else null. A URL that
   * anybody else signed, or nobody, is none. With credentials that change (roles), one that an earlier
   * credential signed is not recognised.
   */
  readonly ownKey: (url: string) => Promise<string | null>
  readonly close: () => void
}

/** A signer by the official presigner; it makes no requests. */
export const createS3Signer = (location: S3Location & { nowMs?: () => number }): S3Signer => {
  const { bucket, publicEndpoint, nowMs = Date.now } = location
  const client = createS3Client({ ...location, endpoint: publicEndpoint ?? location.endpoint })

  const signGet: S3Signer['signGet'] = async (key, { expiresInSeconds, signedAt, downloadName }) =>
    await getSignedUrl(
      client,
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(downloadName === undefined
          ? {}
          : { ResponseContentDisposition: attachmentDisposition(downloadName) }),
      }),
      { expiresIn: lifeOf(expiresInSeconds), signingDate: signedAt ?? new Date(nowMs()) },
    )

  /** Signs again what the URL says of itself: only our key can come to the same URL. */
  const ownKey: S3Signer['ownKey'] = async (url) => {
    const said = claimsOf(url)
    if (said === null) return null
    const { key, signedAt, expiresInSeconds, disposition } = said
    if (signedAt.getTime() + expiresInSeconds * 1000 <= nowMs()) return null
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      ...(disposition === null ? {} : { ResponseContentDisposition: disposition }),
    })
    const options = { expiresIn: expiresInSeconds, signingDate: signedAt }
    return sameText(await getSignedUrl(client, command, options), url) ? key : null
  }

  /** Path style or not, the key is what follows what the URL of a short key begins with. */
  const claimsOf = (text: string) => {
    const url = URL.parse(text)
    if (url === null) return null
    const prefix = location.forcePathStyle ? `/${bucket}/` : '/'
    const at = url.pathname.indexOf(prefix)
    const key = url.pathname.slice(at + prefix.length)
    const signedAt = dateOf(url.searchParams.get('X-Amz-Date'))
    const expiresInSeconds = Number(url.searchParams.get('X-Amz-Expires'))
    if (at === -1 || !isObjectKey(key) || signedAt === null) return null
    if (!(expiresInSeconds >= 1 && expiresInSeconds <= SIGNED_SECONDS_MAX)) return null
    const disposition = url.searchParams.get('response-content-disposition')
    return { key, signedAt, expiresInSeconds, disposition }
  }

  return {
    signGet,
    signPut: async (key, { expiresInSeconds, contentType }) =>
      await getSignedUrl(
        client,
        new PutObjectCommand({ Bucket: bucket, Key: key, ContentType: contentType }),
        {
          expiresIn: lifeOf(expiresInSeconds),
          signingDate: new Date(nowMs()),
          // The presigner leaves it out of the signature unless it is told not to.
          signableHeaders: new Set(['content-type']),
        },
      ),
    ownKey,
    close: () => client.destroy(),
  }
}

const lifeOf = (expiresInSeconds: number): number =>
  Math.min(SIGNED_SECONDS_MAX, Math.max(1, Math.ceil(expiresInSeconds)))

/** `20261121T134937Z` */
const dateOf = (text: string | null): Date | null => {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '')
  if (parts === null) return null
  const [, year, month, day, hour, minute, second] = parts
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(date.getTime()) ? null : date
}

const sameText = (one: string, other: string): boolean => {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
