import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  type BucketLocationConstraint,
  type GetObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'

import type { ByteRange } from '../../domain/byte-range.ts'
import { MediaError } from '../../domain/failures.ts'
import { isObjectKey } from '../../domain/object-key.ts'
import type { ListedObject, ObjectInfo, ObjectStore } from './object-store.ts'
import { createS3Client, type S3Location } from './s3-client.ts'
import { asFault, isNotFound, s3Failure } from './s3-failures.ts'
import { createS3Signer, type S3Signer } from './s3-signer.ts'
import { uploadObject } from './s3-upload.ts'

/** No upload lives this long; what is older was left by a process that died. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000
const CHECK_TIMEOUT_MS = 5_000
const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

export interface S3StoreOptions extends S3Location {
  /** The Cache-Control of objects whose put names none. */
  readonly cacheControl: string
  /** A CDN whose origin is the bucket; without a slash at the end. */
  readonly cdnBaseUrl?: string | undefined
}

export type BucketState = 'ready' | 'missing' | 'refused' | 'unreachable'

export interface S3Store extends ObjectStore, Pick<S3Signer, 'ownKey'> {
  /** How the bucket is, asked with one small request. */
  inspectBucket(): Promise<BucketState>
  /** Makes the bucket, unless it is there already. */
  makeBucket(): Promise<void>
  /** Takes back multipart uploads that were begun more than a day ago and never finished. */
  removeAbandonedUploads(): Promise<void>
  /** Closes the connections that are kept open. */
  close(): void
}

/**
 * A bucket of any S3 as an object store; nothing is asked of it yet. Everything in the bucket whose name
 * is a key of ours is ours.
 */
export const createS3Store = (options: S3StoreOptions): S3Store => {
  const { bucket, cacheControl, cdnBaseUrl } = options
  const client = createS3Client(options)
  const signer = createS3Signer(options)
  const at = (key: string) => ({ Bucket: bucket, Key: checked(key) })

  const get = async (key: string, range?: ByteRange, signal?: AbortSignal) => {
    const bytes = range && `bytes=${range.startByte}-${range.endByte}`
    const command = new GetObjectCommand({ ...at(key), ...(bytes ? { Range: bytes } : {}) })
    const answer = await client.send(command, signal ? { abortSignal: signal } : {})
    return { ...described(answer), stream: answer.Body as Readable }
  }

  const inspectBucket = async (): Promise<BucketState> => {
    try {
      const abortSignal = AbortSignal.timeout(CHECK_TIMEOUT_MS)
      await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal })
      return 'ready'
    } catch (error) {
      const status = asFault(error).$metadata?.httpStatusCode
      if (status === 404) return 'missing'
      return status !== undefined && status < 500 ? 'refused' : 'unreachable'
    }
  }

  return {
    inspectBucket,
    makeBucket: async () => {
      if ((await inspectBucket()) === 'ready') return
      await translated(`make ${bucket}`, () => makeBucket(client, options))
    },
    check: async () => {
      const state = await inspectBucket()
      if (state === 'ready') return
      throw new MediaError('STORAGE_UNAVAILABLE', `the bucket ${bucket} is ${state}`)
    },
    head: (key) =>
      translated(`head ${key}`, async () => {
        try {
          return infoOf(key, await client.send(new HeadObjectCommand(at(key))))
        } catch (error) {
          if (isNotFound(error)) return null
          throw error
        }
      }),
    put: (key, source, putOptions) =>
      translated(
        `put ${key}`,
        () => {
          const { contentType, maxBytes = Number.POSITIVE_INFINITY, signal } = putOptions
          const headers = {
            ContentType: contentType,
            CacheControl: putOptions.cacheControl ?? cacheControl,
          }
          return uploadObject(client, {
            target: { ...at(key), ...headers },
            source,
            maxBytes,
            signal,
          })
        },
        putOptions.signal,
      ),
    open: (key, range) => translated(`get ${key}`, () => get(key, range)),
    downloadTo: (key, filePath, signal) =>
      translated(
        `get ${key}`,
        async () => {
          const { stream, ...object } = await get(key, undefined, signal)
          await writeWhole(stream, filePath, { sizeBytes: object.sizeBytes, signal })
          return object
        },
        signal,
      ),
    delete: (key) =>
      translated(`delete ${key}`, async () => {
        await client.send(new DeleteObjectCommand(at(key))).catch((error: unknown) => {
          if (!isNotFound(error)) throw error
        })
      }),
    list: (prefix) => listed(client, bucket, prefix),
    signGet: async (key, getOptions) =>
      getOptions.published === true && cdnBaseUrl !== undefined
        ? `${cdnBaseUrl}/${checked(key)}`
        : await signer.signGet(checked(key), getOptions),
    signPut: async (key, uploadOptions) => await signer.signPut(checked(key), uploadOptions),
    ownKey: signer.ownKey,
    removeAbandonedUploads: () => removeAbandonedUploads(client, bucket),
    close: () => {
      client.destroy()
      signer.close()
    },
  }
}

const makeBucket = async (client: S3Client, { bucket, region }: S3Location): Promise<void> => {
  // The name of the first region is the one that may not be given.
  const LocationConstraint =
    region === 'us-east-1' ? undefined : (region as BucketLocationConstraint)
  await client.send(
    new CreateBucketCommand({
      Bucket: bucket,
      ...(LocationConstraint ? { CreateBucketConfiguration: { LocationConstraint } } : {}),
    }),
  )
}

type Described = Pick<
  GetObjectCommandOutput,
  'ContentLength' | 'ContentRange' | 'ContentType' | 'ETag' | 'LastModified'
>

const described = (answer: Described) => {
  const whole = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1]
  return {
    sizeBytes: whole === undefined ? (answer.ContentLength ?? 0) : Number(whole),
    contentType: answer.ContentType ?? DEFAULT_CONTENT_TYPE,
    version: versionOf(answer),
  }
}

/** Some servers have no entity tags for what was uploaded in parts. */
const versionOf = ({ ETag, LastModified }: Pick<Described, 'ETag' | 'LastModified'>): string =>
  ETag?.replaceAll('"', '') || String(LastModified?.getTime() ?? 0)

const infoOf = (key: string, answer: Described): ObjectInfo => ({
  key,
  ...described(answer),
  modifiedAtMs: answer.LastModified?.getTime() ?? 0,
})

async function* listed(
  client: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<ListedObject> {
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })
  try {
    for await (const { Contents = [] } of pages) {
      for (const entry of Contents) {
        const { Key: key = '', Size: sizeBytes = 0, LastModified } = entry
        if (!isObjectKey(key)) continue
        const modifiedAtMs = LastModified?.getTime() ?? 0
        yield { key, sizeBytes, modifiedAtMs, version: versionOf(entry) }
      }
    }
  } catch (error) {
    throw s3Failure(error, `list ${prefix}`)
  }
}

/** A file of exactly so many bytes, or none. */
const writeWhole = async (
  stream: Readable,
  filePath: string,
  { sizeBytes, signal }: { sizeBytes: number; signal: AbortSignal | undefined },
): Promise<void> => {
  // Never into the old file: it may be a link to something that others read.
  await rm(filePath, { force: true })
  const target = createWriteStream(filePath, { flags: 'wx', mode: 0o600 })
  try {
    await pipeline([stream, target], signal ? { signal } : {})
    if (target.bytesWritten !== sizeBytes) {
      throw new Error(`${target.bytesWritten} bytes arrived instead of ${sizeBytes}`)
    }
  } catch (error) {
    await rm(filePath, { force: true })
    throw error
  }
}

const removeAbandonedUploads = async (client: S3Client, bucket: string): Promise<void> => {
  const { Uploads = [] } = await translated('list uploads', () =>
    client.send(new ListMultipartUploadsCommand({ Bucket: bucket })),
  )
  for (const { Key = '', UploadId, Initiated } of Uploads) {
    const ageMs = Date.now() - (Initiated?.getTime() ?? Date.now())
    if (ageMs < ABANDONED_AFTER_MS || !isObjectKey(Key)) continue
    await translated('abort upload', () =>
      client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId })),
    )
  }
}

const checked = (key: string): string => {
  if (!isObjectKey(key)) throw new MediaError('INPUT_INVALID', `not a key: ${JSON.stringify(key)}`)
  return key
}

/** Names what S3 reports; a cancel keeps its own reason. */
const translated = async <Result>(
  doing: string,
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> => {
  try {
    signal?.throwIfAborted()
    return await work()
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw s3Failure(error, doing)
  }
}
