/** Sends an object of the storage: whole or in ranges, and not again to whoever has it. */

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FileStore, StoredObject } from '../contracts/ports.ts'
import { parseRange } from '../domain/byte-range.ts'
import { MediaError } from '../domain/failures.ts'

/** What stands in the object: it changes when the object does. */
const entityTag = ({ sizeBytes, modifiedAtMs }: StoredObject): string =>
  `"${Math.round(modifiedAtMs).toString(36)}-${sizeBytes.toString(36)}"`

const isFresh = (request: FastifyRequest, tag: string): boolean =>
  (request.headers['if-none-match'] ?? '').split(',').some((given) => given.trim() === tag)

/** The range asked for, unless it was asked of another version of the object. */
const rangeHeader = (request: FastifyRequest, tag: string): string | undefined => {
  const condition = request.headers['if-range']
  return condition === undefined || condition === tag ? request.headers.range : undefined
}

const describe = (reply: FastifyReply, object: StoredObject): void => {
  void reply.headers({
    'accept-ranges': 'bytes',
    'content-type': object.contentType,
    etag: entityTag(object),
    'last-modified': new Date(object.modifiedAtMs).toUTCString(),
    // Whatever was stored, it is never a page of this origin.
    'content-security-policy': "sandbox; default-src 'none'",
    'cross-origin-resource-policy': 'cross-origin',
    'access-control-allow-origin': '*',
  })
}

/** An object is replaced now and then; more often in a row than this nobody does it. */
const LOOKS_MAX = 3

interface Sending {
  readonly files: FileStore
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Answers a GET or HEAD with the object. `headers` are added where there is something to describe.
 * *Guarantee:* what is said of the object is true of the bytes, though it is replaced meanwhile. *Errors:*
 * NOT_FOUND, RANGE_UNSATISFIABLE; STORAGE_UNAVAILABLE.
 */
export const sendObject = async (
  request: FastifyRequest,
  reply: FastifyReply,
  sending: Sending,
): Promise<FastifyReply> => {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const sent = await sendSeen(request, reply, sending)
    if (sent !== null) return sent
  }
  throw new MediaError('STORAGE_UNAVAILABLE', `${sending.key} is replaced all the time`)
}

/** Null: it was replaced between the look at it and its opening. */
const sendSeen = async (
  request: FastifyRequest,
  reply: FastifyReply,
  { files, key, headers }: Sending,
): Promise<FastifyReply | null> => {
  const object = await files.head(key)
  if (object === null) throw new MediaError('NOT_FOUND', 'no such object')
  const tag = entityTag(object)
  describe(reply, object)
  void reply.headers(headers)
  if (isFresh(request, tag)) return await reply.code(304).send(null)
  const answer = parseRange(rangeHeader(request, tag), object.sizeBytes)
  if (answer.kind === 'unsatisfiable') {
    void reply.header('content-range', `bytes */${object.sizeBytes}`)
    throw new MediaError('RANGE_UNSATISFIABLE', 'a range behind the end')
  }
  const range = answer.kind === 'part' ? answer.range : undefined
  const length = range ? range.endByte - range.startByte + 1 : object.sizeBytes
  const opened = request.method === 'HEAD' || length === 0 ? null : await files.open(key, range)
  if (opened !== null && opened.sizeBytes !== object.sizeBytes) {
    opened.stream.destroy()
    return null
  }
  void reply.header('content-length', length)
  if (range) {
    const { startByte, endByte } = range
    void reply
      .code(206)
      .header('content-range', `bytes ${startByte}-${endByte}/${object.sizeBytes}`)
  }
  return await reply.send(opened?.stream)
}
