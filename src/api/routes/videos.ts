import { z } from 'zod'
import { idField } from '../../contracts/http/fields.ts'
import {
  newVideo,
  video,
  videoPage,
  videoQuery,
  type NewVideo,
} from '../../contracts/http/videos.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { Media } from '../../db/repositories/media.ts'
import { MediaError, type FieldProblem } from '../../domain/failures.ts'
import { videoProblems, type VideoMedium } from '../../domain/video-rules.ts'
import { accountOf } from '../plugins/authentication.ts'
import { newId } from '../plugins/idempotency.ts'
import { presentVideo } from '../presenters.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const withId = z.object({ id: idField('video') })

const mediumOf = (row: Media): VideoMedium => ({
  kind: row.kind,
  hasAudio: row.streams.some(({ kind }) => kind === 'audio'),
  durationSeconds: row.durationSeconds,
})

const missing = (path: string): FieldProblem => ({
  path,
  message: 'names no medium of yours',
  fix: 'Upload the file first and use the id of the answer.',
})

/** Everything that has to be mended before this video can be rendered under this account. *Errors:*
 * MEDIA_NO_AUDIO for a silent film, with the same problems. */
export const problemsOfVideo = async (
  { repositories }: Pick<RouteContext, 'repositories'>,
  account: Account,
  draft: Pick<NewVideo, 'audioMediaId' | 'region' | 'hdr' | 'settings'>,
): Promise<readonly FieldProblem[]> => {
  const { backgroundMediaId } = draft.settings
  const [song, background] = await Promise.all([
    repositories.media.find(account.id, draft.audioMediaId),
    backgroundMediaId === null ? null : repositories.media.find(account.id, backgroundMediaId),
  ])
  const absent = [
    ...(song === null ? [missing('audioMediaId')] : []),
    ...(backgroundMediaId !== null && background === null
      ? [missing('settings.backgroundMediaId')]
      : []),
  ]
  if (song === null || absent.length > 0) return absent
  const found = videoProblems(draft, {
    plan: account.plan,
    song: mediumOf(song),
    background: background && mediumOf(background),
  })
  // A silent film is a medium like any other, until somebody wants to hear it.
  if (song.kind === 'video' && !mediumOf(song).hasAudio) {
    throw new MediaError('MEDIA_NO_AUDIO', `${song.id} is silent`, { problems: found })
  }
  return found
}

/** Video projects. */
export const videoRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories } = context

  app.route({
    method: 'POST',
    url: '/videos',
    schema: {
      summary: 'Make a video project of a region of a song',
      tags: ['videos'],
      body: newVideo,
      response: { 201: video, ...problems(400, 401, 409, 422) },
    },
    config: { idempotent: true },
    handler: async (request, reply) => {
      const account = accountOf(request)
      const { region, ...draft } = request.body
      const found = await problemsOfVideo(context, account, request.body)
      if (found.length > 0) {
        throw new MediaError('INPUT_INVALID', 'refused video', { problems: found })
      }
      const row = await repositories.videos.insert({
        id: newId(request, 'video'),
        accountId: account.id,
        startSeconds: region.startSeconds,
        endSeconds: region.endSeconds,
        ...draft,
      })
      return await reply.code(201).send(await presentVideo(context, row))
    },
  })

  app.route({
    method: 'GET',
    url: '/videos/:id',
    schema: {
      summary: 'One video, with the state of its newest render',
      tags: ['videos'],
      params: withId,
      response: { 200: video, ...problems(401, 404) },
    },
    handler: async (request) => {
      const row = await repositories.videos.find(accountOf(request).id, request.params.id)
      if (row === null) throw new MediaError('NOT_FOUND', 'no such video')
      return await presentVideo(context, row)
    },
  })

  app.route({
    method: 'GET',
    url: '/videos',
    schema: {
      summary: 'All videos, newest first',
      tags: ['videos'],
      querystring: videoQuery,
      response: { 200: videoPage, ...problems(401, 422) },
    },
    handler: async (request) => {
      const page = await repositories.videos.list(accountOf(request).id, request.query)
      return {
        videos: await Promise.all(page.items.map((row) => presentVideo(context, row))),
        nextCursor: page.nextCursor,
      }
    },
  })
}
