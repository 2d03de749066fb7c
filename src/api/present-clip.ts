import type { ClipAnswer } from '../contracts/http/clips.ts'
import { toMilliseconds } from '../domain/to-milliseconds.ts'
import { filesOf, type OwnClip } from './own-clips.ts'
import { publishedUrl, type UrlSigning } from './presenters.ts'

/** A clip as a client sees it: its newest version, and what is in work on it. */
export const presentClip = async (signing: UrlSigning, clip: OwnClip): Promise<ClipAnswer> => {
  const { about, id, inWork, number, order, versions } = clip
  const { captions, degradations, id: _, number: _number, ...moment } = about
  const version = versions.at(-1) ?? order
  const { videoKey, thumbnailKey } = filesOf(version, number)
  return {
    id,
    version: versions.length,
    executionId: version.id,
    orderExecutionId: order.id,
    mediaId: order.subjectId,
    number,
    ...moment,
    startSeconds: toMilliseconds(about.startSeconds),
    endSeconds: toMilliseconds(about.endSeconds),
    captions: captions ?? false,
    degradations: [...degradations],
    videoUrl: await publishedUrl(signing, videoKey),
    thumbnailUrl: await publishedUrl(signing, thumbnailKey),
    createdAt: (version.finishedAt ?? version.createdAt).toISOString(),
    changingExecutionId: inWork?.id ?? null,
  }
}
