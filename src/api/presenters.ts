/** Rows as clients see them: names of the contract, times as texts, storage keys as signed URLs. */

import type { Media as MediaAnswer } from '../contracts/http/media.ts'
import type { TaskAnswer } from '../contracts/http/tasks/task.ts'
import type { Video as VideoAnswer } from '../contracts/http/videos.ts'
import type { MediaStreamAnswer } from '../contracts/http/streams.ts'
import type { FileStore, Playback } from '../contracts/ports.ts'
import type { Media } from '../db/repositories/media.ts'
import type { MediaStream } from '../db/repositories/media-streams.ts'
import { DASH_MANIFEST_NAME, HLS_MASTER_NAME } from '../domain/manifests/manifest-files.ts'
import { captionName } from '../domain/stream-description.ts'
import type { Task } from '../db/repositories/tasks.ts'
import type { Video } from '../db/repositories/videos.ts'
import { outputKindOf, type TaskOutputFile } from '../domain/task-output.ts'

export interface UrlSigning {
  readonly playback: Playback
  readonly files: Pick<FileStore, 'signGet'>
  readonly settings: { readonly signedUrlSeconds: number }
}

/** A URL under which the object can be read for a while; what belongs to a stream, with all of it. */
const signedUrl = async ({ files, playback, settings }: UrlSigning, key: string): Promise<string> =>
  playback.urlOf(key) ?? (await files.signGet(key, { expiresInSeconds: settings.signedUrlSeconds }))

/** A URL for viewers: by the CDN, where the storage lies behind one. */
export const publishedUrl = async (
  { files, playback, settings }: UrlSigning,
  key: string,
): Promise<string> =>
  playback.urlOf(key) ??
  (await files.signGet(key, { expiresInSeconds: settings.signedUrlSeconds, published: true }))

const urlOrNull = async (signing: UrlSigning, key: string | null): Promise<string | null> =>
  key === null ? null : await publishedUrl(signing, key)

export const isoOrNull = (time: Date | null): string | null => time?.toISOString() ?? null

export const presentMedia = async (signing: UrlSigning, row: Media): Promise<MediaAnswer> => ({
  id: row.id,
  kind: row.kind,
  fileName: row.fileName,
  contentType: row.contentType,
  sizeBytes: row.sizeBytes,
  durationSeconds: row.durationSeconds,
  streams: [...row.streams],
  url: await signedUrl(signing, row.storageKey),
  createdAt: row.createdAt.toISOString(),
})

/** What there is to play of a medium, by its record. */
export const presentMediaStream = async (
  signing: UrlSigning,
  row: MediaStream,
): Promise<MediaStreamAnswer> => {
  const { folderKey, extras, readyToStream } = row
  const ofKey = async (key: string | undefined): Promise<string | null> =>
    key === undefined ? null : await signedUrl(signing, key)
  const ofLadder = (name: string) =>
    ofKey(readyToStream && folderKey !== null ? `${folderKey}/${name}` : undefined)
  const ofExtra = (name: string) => ofKey(extras[name])
  const captions = folderKey === null ? [] : row.captionLanguages
  return {
    executionId: row.executionId,
    status: row.status,
    readyToStream,
    hlsUrl: await ofLadder(HLS_MASTER_NAME),
    dashUrl: await ofLadder(DASH_MANIFEST_NAME),
    posterUrl: await ofExtra('poster'),
    previewGifUrl: await ofExtra('previewGif'),
    previewWebpUrl: await ofExtra('previewWebp'),
    storyboardUrl: await ofExtra('storyboard'),
    waveformUrl: await ofExtra('waveform'),
    transcriptUrl: await ofExtra('transcript'),
    captions: await Promise.all(
      captions.map(async (language) => ({
        language,
        url: await signedUrl(signing, `${folderKey}/${captionName(language)}`),
      })),
    ),
  }
}

export const presentVideo = async (signing: UrlSigning, row: Video): Promise<VideoAnswer> => ({
  id: row.id,
  status: row.status,
  audioMediaId: row.audioMediaId,
  region: { startSeconds: row.startSeconds, endSeconds: row.endSeconds },
  format: row.format,
  template: row.template,
  hdr: row.hdr,
  settings: row.settings,
  executionId: row.executionId,
  renderProgress: row.renderProgress,
  renderTimeSeconds: row.renderTimeSeconds,
  croppedAudioUrl: await urlOrNull(signing, row.croppedAudioKey),
  videoUrl: await urlOrNull(signing, row.videoKey),
  thumbnailUrl: await urlOrNull(signing, row.thumbnailKey),
  squareThumbnailUrl: await urlOrNull(signing, row.squareThumbnailKey),
  stalledAt: isoOrNull(row.stalledAt),
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
})

const presentFiles = (signing: UrlSigning, files: readonly TaskOutputFile[]) =>
  Promise.all(
    files.map(async ({ name, storageKey, contentType }) => ({
      name,
      url: await signedUrl(signing, storageKey),
      content_type: contentType,
    })),
  )

const presentTaskOutput = async (
  signing: UrlSigning,
  output: Task['output'],
): Promise<TaskAnswer['output']> =>
  output && {
    object: 'file',
    kind: outputKindOf(output.contentType),
    url: await signedUrl(signing, output.storageKey),
    content_type: output.contentType,
    filesize: output.sizeBytes,
    width: output.widthPx,
    height: output.heightPx,
    duration: output.durationSeconds,
    ...(output.files === undefined ? {} : { files: await presentFiles(signing, output.files) }),
  }

/** The newest of the moments at which something is known to have happened. */
const lastSignOfLife = (row: Task): Date =>
  [row.startedAt, row.lastSignOfLifeAt, row.finishedAt].reduce<Date>(
    (latest, time) => (time !== null && time > latest ? time : latest),
    row.createdAt,
  )

export const presentTask = async (signing: UrlSigning, row: Task): Promise<TaskAnswer> => ({
  id: row.id,
  object: 'task',
  kind: row.kind,
  status: row.status,
  input: row.input,
  options: { ...row.options },
  metadata: { ...row.metadata },
  webhook_url: row.webhookUrl,
  priority: row.priority,
  progress: row.progress,
  output: await presentTaskOutput(signing, row.output),
  error: row.error,
  created_at: row.createdAt.toISOString(),
  started_at: isoOrNull(row.startedAt),
  finished_at: isoOrNull(row.finishedAt),
  updated_at: lastSignOfLife(row).toISOString(),
})
