import { PassThrough } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { FileGrant, FileGrants, StoredObject } from '../../contracts/ports.ts'
import { parseRange } from '../../domain/byte-range.ts'
import { attachmentDisposition } from '../../domain/content-disposition.ts'
import { MediaError } from '../../domain/failures.ts'
import { clientGone } from '../client-gone.ts'
import { RefusedOrder } from '../problem.ts'
import { problems, UNHURRIED_MS, type Api, type RouteContext } from './route-context.ts'

const anyKey = z.object({ '*': z.string() })

/** What stands in the object: it changes when the object does. */
const entityTag = ({ sizeBytes, modifiedAtMs }: StoredObject): string =>
  `"${Math.round(modifiedAtMs).toString(36)}-${sizeBytes.toString(36)}"`

const allowed = (grants: FileGrants, request: FastifyRequest, key: string): FileGrant => {
  const query = request.query as Readonly<Record<string, unknown>>
  const verdict = grants.verify({ method: request.method, key, query })
  if (!verdict.valid) throw new MediaError('FORBIDDEN', 'no valid signature')
  return verdict.grant
}

const describe = (reply: FastifyReply, object: StoredObject, grant: FileGrant): void => {
  void reply.headers({
    'accept-ranges': 'bytes',
    'content-type': object.contentType,
    'content-disposition':
      grant.downloadName === undefined ? 'inline' : attachmentDisposition(grant.downloadName),
    etag: entityTag(object),
    'last-modified': new Date(object.modifiedAtMs).toUTCString(),
    // The URL is the key to it: no shared cache may keep it beyond the URL's own end.
    'cache-control': 'private, max-age=300',
    // Whatever was stored, it is never a page of this origin.
    'content-security-policy': "sandbox; default-src 'none'",
    'cross-origin-resource-policy': 'cross-origin',
    'access-control-allow-origin': '*',
  })
}

const isFresh = (request: FastifyRequest, tag: string): boolean =>
  (request.headers['if-none-match'] ?? '').split(',').some((given) => given.trim() === tag)

/** The range asked for, unless it was asked of another version of the object. */
const rangeHeader = (request: FastifyRequest, tag: string): string | undefined => {
  const condition = request.headers['if-range']
  return condition === undefined || condition === tag ? request.headers.range : undefined
}

/** The signed URLs of the folder storage. */
export const fileRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { files, fileGrants: grants } = context
  if (grants === null) return
  // An upload is a stream whatever its type says it is.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))

  app.route({
    method: ['GET', 'HEAD'],
    url: '/files/*',
    schema: {
      summary: 'Read a file by its signed URL, whole or in ranges',
      tags: ['files'],
      params: anyKey,
      response: {
        200: z.any(),
        206: z.any(),
        304: z.null(),
        ...problems(403, 404, 416),
      },
    },
    handlerTimeout: UNHURRIED_MS,
    handler: async (request, reply) => {
      const key = request.params['*']
      const grant = allowed(grants, request, key)
      const object = await files.head(key)
      if (object === null) throw new MediaError('NOT_FOUND', 'no such object')
      const tag = entityTag(object)
      describe(reply, object, grant)
      if (isFresh(request, tag)) return await reply.code(304).send(null)
      const answer = parseRange(rangeHeader(request, tag), object.sizeBytes)
      if (answer.kind === 'unsatisfiable') {
        void reply.header('content-range', `bytes */${object.sizeBytes}`)
        throw new MediaError('RANGE_UNSATISFIABLE', 'a range behind the end')
      }
      const range = answer.kind === 'part' ? answer.range : undefined
      const length = range ? range.endByte - range.startByte + 1 : object.sizeBytes
      void reply.header('content-length', length)
      if (range) {
        const { startByte, endByte } = range
        void reply
          .code(206)
          .header('content-range', `bytes ${startByte}-${endByte}/${object.sizeBytes}`)
      }
      if (request.method === 'HEAD' || length === 0) return await reply.send()
      return await reply.send((await files.open(key, range)).stream)
    },
  })

  app.route({
    method: 'PUT',
    url: '/files/*',
    schema: {
      summary: 'Write a file by its signed URL',
      tags: ['files'],
      params: anyKey,
      response: { 201: z.object({ sizeBytes: z.int() }), ...problems(403, 413, 422) },
    },
    handlerTimeout: UNHURRIED_MS,
    handler: async (request, reply) => {
      const key = request.params['*']
      const { contentType = 'application/octet-stream', maxBytes } = allowed(grants, request, key)
      if (request.headers['content-type'] !== contentType) {
        throw new RefusedOrder('FORBIDDEN', 'another content type than was signed', {
          expectedContentType: contentType,
        })
      }
      try {
        // Through a stream of its own: a store that gives up destroys what it reads from, and with
        // the request its connection would go, before the client was told why.
        const { sizeBytes } = await files.put(key, request.raw.pipe(new PassThrough()), {
          contentType,
          signal: clientGone(reply),
          ...(maxBytes === undefined ? {} : { maxBytes }),
        })
        return await reply.code(201).send({ sizeBytes })
      } catch (error) {
        if (error instanceof MediaError && error.code === 'MEDIA_TOO_LARGE') {
          throw new MediaError('BODY_TOO_LARGE', error.internalDetail, { cause: error })
        }
        throw error
      }
    },
  })
}
