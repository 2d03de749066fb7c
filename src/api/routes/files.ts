import { PassThrough } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { FileGrant, FileGrants } from '../../contracts/ports.ts'
import { attachmentDisposition } from '../../domain/content-disposition.ts'
import { MediaError } from '../../domain/failures.ts'
import { clientGone } from '../client-gone.ts'
import { FailureWithFacts } from '../problem.ts'
import { sendObject } from '../send-object.ts'
import { problems, UNHURRIED_MS, type Api, type RouteContext } from './route-context.ts'

const anyKey = z.object({ '*': z.string() })

const allowed = (grants: FileGrants, request: FastifyRequest, key: string): FileGrant => {
  const query = request.query as Readonly<Record<string, unknown>>
  const verdict = grants.verify({ method: request.method, key, query })
  if (!verdict.valid) throw new MediaError('FORBIDDEN', 'no valid signature')
  return verdict.grant
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
      return await sendObject(request, reply, {
        files,
        key,
        headers: {
          'content-disposition':
            grant.downloadName === undefined ? 'inline' : attachmentDisposition(grant.downloadName),
          // The URL is the key to it: no shared cache may keep it beyond the URL's own end.
          'cache-control': 'private, max-age=300',
        },
      })
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
        throw new FailureWithFacts('FORBIDDEN', 'another content type than was signed', {
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
