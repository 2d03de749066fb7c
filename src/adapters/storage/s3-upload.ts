import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'

import { byteLimit } from './byte-limit.ts'

/** With ten thousand parts at most: 80 GB. As many bytes are in memory for each part under way. */
const PART_BYTES = 8 * 1024 * 1024
const PARTS_AT_ONCE = 3

/** What is uploaded, where to, and as what. */
export interface UploadJob {
  readonly target: Pick<PutObjectCommandInput, 'ContentType' | 'CacheControl'> & {
    readonly Bucket: string
    readonly Key: string
  }
  readonly source: Readable | { readonly filePath: string }
  readonly maxBytes: number
  readonly signal: AbortSignal | undefined
}

/**
 * Uploads a stream of whatever length: in one request if it fits into one part, else in parts. *Errors:* those
 * of the client, of the source, and MEDIA_TOO_LARGE. On any end but success the parts are taken back before it
 * rejects, as far as S3 can be reached.
 */
export const uploadObject = async (client: S3Client, job: UploadJob) => {
  const { target, source, maxBytes, signal } = job
  let sizeBytes = 0
  const input =
    'filePath' in source ? createReadStream(source.filePath, { highWaterMark: 1 << 20 }) : source
  const body = byteLimit(maxBytes, (passedBytes) => {
    sizeBytes = passedBytes
  })
  const stop = new AbortController()
  let cause: unknown
  const fail = (error: unknown): void => {
    cause ??= error
    stop.abort(error)
    body.destroy(error instanceof Error ? error : new Error(String(error)))
  }
  const feeding = pipeline([input, body], signal ? { signal } : {}).catch(fail)
  const watched = watchedClient(client, stop.signal, fail)
  try {
    await new Upload({
      client: watched.client,
      params: { ...target, Body: body },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
      // Not by the library: it does not take them back when the last request fails.
      leavePartsOnError: true,
    }).done()
    await feeding
    return { sizeBytes }
  } catch (error) {
    fail(error)
    await feeding
    await takeBack(client, target, watched.uploadId())
    throw cause
  }
}

/** The client, with an eye on each request: the first that fails ends them all, which the library leaves
 * running until the source is exhausted. */
const watchedClient = (
  client: S3Client,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): { client: S3Client; uploadId: () => string | undefined } => {
  let uploadId: string | undefined
  const send = async (command: Parameters<S3Client['send']>[0]): Promise<unknown> => {
    // Begun and finished whole: otherwise nobody would know whether there is an upload to take back.
    const isFrame =
      command instanceof CreateMultipartUploadCommand ||
      command instanceof CompleteMultipartUploadCommand
    try {
      signal.throwIfAborted()
      const answer = await client.send(command, isFrame ? {} : { abortSignal: signal })
      if ('UploadId' in answer && typeof answer.UploadId === 'string') uploadId ??= answer.UploadId
      return answer
    } catch (error) {
      onFailure(error)
      throw error
    }
  }
  const watched = Object.create(client, { send: { value: send } }) as S3Client
  return { client: watched, uploadId: () => uploadId }
}

const takeBack = async (
  client: S3Client,
  { Bucket, Key }: UploadJob['target'],
  uploadId: string | undefined,
): Promise<void> => {
  if (uploadId === undefined) return
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: uploadId }))
  } catch {
    // Gone, or out of reach; abandoned uploads are removed when a store is opened.
  }
}
