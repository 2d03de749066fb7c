import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { isObjectKey } from '../../domain/object-key.ts'
import { sendObject } from '../send-object.ts'
import { problems, UNHURRIED_MS, type Api, type RouteContext } from './route-context.ts'

const params = z.object({ token: z.string(), '*': z.string() })

/** What refers to other files by relative names has to be had from here: after a redirect the names
 * would lead elsewhere. These are also what changes while a stream is being made. */
const REFERS = /\.(m3u8|mpd|vtt|json)$/

/** Redirects to one file stay the same for so long, so that caches know it again. */
const STEADY_SECONDS = 15 * 60

/** A redirect may be kept for so long, if what it leads to is open for as long. */
const REDIRECT_SECONDS_MAX = 300

/** A segment is never written anew with other content. */
const SEGMENT_CACHING = 'private, max-age=86400, immutable'

/**
 * Playback of streams. The token in the path opens one folder, so that a player which follows the
 * relative names of a manifest needs no more than the manifest's URL.
 */
export const playbackRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { files, fileGrants, playback, settings } = context

  /** Where the storage itself answers, and what caches may do with being sent there. */
  const redirection = async (key: string) => {
    const { signedUrlSeconds } = settings
    const steadyMs = STEADY_SECONDS * 1000
    const url = await files.signGet(key, {
      expiresInSeconds: signedUrlSeconds + STEADY_SECONDS,
      signedAt: new Date(Math.floor(Date.now() / steadyMs) * steadyMs),
    })
    const maxAgeSeconds = Math.floor(Math.min(REDIRECT_SECONDS_MAX, signedUrlSeconds))
    return { url, caching: `private, max-age=${maxAgeSeconds}` }
  }

  app.route({
    method: ['GET', 'HEAD'],
    url: '/play/:token/*',
    schema: {
      summary: 'A file of a stream, by its signed folder: manifests, segments, captions, pictures',
      tags: ['files'],
      params,
      response: {
        200: z.any(),
        206: z.any(),
        302: z.null(),
        304: z.null(),
        ...problems(403, 404, 416),
      },
    },
    handlerTimeout: UNHURRIED_MS,
    handler: async (request, reply) => {
      const { folderKey } = playback.read(request.params.token)
      const key = `${folderKey}/${request.params['*']}`
      if (!isObjectKey(key)) throw new MediaError('NOT_FOUND', 'no such file of a stream')
      // A presigned URL is good for one method: a HEAD would be refused there.
      if (fileGrants === null && !REFERS.test(key) && request.method === 'GET') {
        const { url, caching } = await redirection(key)
        return await reply
          .headers({ 'access-control-allow-origin': '*', 'cache-control': caching })
          .redirect(url, 302)
      }
      const caching = REFERS.test(key) ? 'no-cache' : SEGMENT_CACHING
      return await sendObject(request, reply, { files, key, headers: { 'cache-control': caching } })
    },
  })

  app.route({
    method: 'OPTIONS',
    url: '/play/:token/*',
    schema: { hide: true, params },
    handler: async (_request, reply) =>
      await reply
        .code(204)
        .headers({
          'access-control-allow-origin': '*',
          'access-control-allow-methods': 'GET, HEAD',
          'access-control-allow-headers': 'range, if-none-match, if-range',
          'access-control-max-age': '86400',
        })
        .send(),
  })
}
