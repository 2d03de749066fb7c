import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { idField, pageQuery } from '../../contracts/http/fields.ts'
import { media, mediaDetails, mediaImport, mediaPage } from '../../contracts/http/media.ts'
import type { ReceivedFile } from '../../contracts/ports.ts'
import { MediaError } from '../../domain/failures.ts'
import { planTerms } from '../../domain/plans.ts'
import { mediaKey } from '../../domain/storage-keys.ts'
import { clientGone } from '../client-gone.ts'
import { fieldProblems } from '../field-problems.ts'
import { accountOf } from '../plugins/authentication.ts'
import { claimKey, newId } from '../plugins/idempotency.ts'
import { presentMedia, presentMediaStream } from '../presenters.ts'
import { problems, UNHURRIED_MS, type Api, type RouteContext } from './route-context.ts'

const withId = z.object({ id: idField('media') })

const noFile = (): MediaError =>
  new MediaError('INPUT_INVALID', 'multipart without a file', {
    problems: [
      { path: 'file', message: 'is missing', fix: 'Send the file as the multipart field "file".' },
    ],
  })

/** The same failure of an imported file, said of the URL: the request has no other field. */
const ofUrl = (error: unknown): unknown => {
  if (!(error instanceof MediaError)) return error
  const mended = error.problems.map((found) =>
    found.path === 'file' ? { ...found, path: 'url' } : found,
  )
  return new MediaError(error.code, error.internalDetail, { cause: error, problems: mended })
}

/** Brings the file to a private place: what it is called in requests of the same key, and the file. */
const receive = async (
  { ingest }: RouteContext,
  request: FastifyRequest,
  signal: AbortSignal,
): Promise<{ readonly named: unknown; readonly file: ReceivedFile }> => {
  const sizeBytesMax = planTerms(accountOf(request).plan).uploadSizeBytesMax
  const part = await request.file({ limits: { fileSize: sizeBytesMax + 1, files: 1, fields: 10 } })
  if (part === undefined) throw noFile()
  if (part.fieldname !== 'file') {
    part.file.resume()
    throw noFile()
  }
  const fileName = part.filename === '' ? null : part.filename
  const file = await ingest.receive(part.file, { fileName, sizeBytesMax, signal })
  return { named: { file: file.sha256 }, file }
}

const importBody = (body: unknown) => {
  const parsed = mediaImport.safeParse(body, { reportInput: true })
  if (parsed.success) return parsed.data
  throw new MediaError('INPUT_INVALID', 'refused body', {
    problems: fieldProblems(parsed.error.issues),
  })
}

/** Uploads, imports and what became of them. */
export const mediaRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories, ingest } = context

  const store = async (request: FastifyRequest, file: ReceivedFile, signal: AbortSignal) => {
    const account = accountOf(request)
    const id = newId(request, 'media')
    const storageKey = mediaKey(account.id, id)
    const found = await ingest.admit(file, { storageKey, plan: account.plan, signal })
    const row = await repositories.media.insert({
      id,
      accountId: account.id,
      storageKey,
      fileName: file.fileName,
      ...found,
    })
    return await presentMedia(context, row)
  }

  app.route({
    method: 'POST',
    url: '/media',
    schema: {
      summary: 'Upload a file (multipart field `file`), or import one by URL',
      tags: ['media'],
      consumes: ['multipart/form-data', 'application/json'],
      // Only described here: a multipart body is a stream, so the handler parses the JSON itself.
      response: { 201: media, ...problems(400, 401, 413, 422) },
    },
    config: { idempotent: 'after-upload' },
    handlerTimeout: UNHURRIED_MS,
    handler: async (request, reply) => {
      // Nothing is fetched or decoded for nobody.
      const signal = clientGone(reply)
      let file: ReceivedFile | null = null
      try {
        if (request.isMultipart()) {
          const received = await receive(context, request, signal)
          file = received.file
          if (await claimKey(context, request, reply, received.named)) return await reply
        } else {
          const { url } = importBody(request.body)
          if (await claimKey(context, request, reply, { url })) return await reply
          const sizeBytesMax = planTerms(accountOf(request).plan).uploadSizeBytesMax
          file = await ingest.download(url, { sizeBytesMax, signal })
        }
        return await reply.code(201).send(await store(request, file, signal))
      } catch (error) {
        throw request.isMultipart() ? error : ofUrl(error)
      } finally {
        await file?.discard()
      }
    },
  })

  app.route({
    method: 'GET',
    url: '/media/:id',
    schema: {
      summary: 'One medium, and what there is to play of it',
      tags: ['media'],
      params: withId,
      response: { 200: mediaDetails, ...problems(401, 404) },
    },
    handler: async (request) => {
      const row = await repositories.media.find(accountOf(request).id, request.params.id)
      if (row === null) throw new MediaError('NOT_FOUND', 'no such medium')
      const stream = await repositories.mediaStreams.find(row.accountId, row.id)
      return {
        ...(await presentMedia(context, row)),
        stream: stream === null ? null : await presentMediaStream(context, stream),
      }
    },
  })

  app.route({
    method: 'GET',
    url: '/media',
    schema: {
      summary: 'All media, newest first',
      tags: ['media'],
      querystring: pageQuery,
      response: { 200: mediaPage, ...problems(401, 422) },
    },
    handler: async (request) => {
      const page = await repositories.media.list(accountOf(request).id, request.query)
      return {
        media: await Promise.all(page.items.map((row) => presentMedia(context, row))),
        nextCursor: page.nextCursor,
      }
    },
  })
}
