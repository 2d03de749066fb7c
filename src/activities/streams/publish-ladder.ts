import type {
  Delivered,
  StreamActivities,
  StreamSource,
} from '../../contracts/stream-activities.ts'
import {
  DASH_MANIFEST_NAME,
  HLS_MASTER_NAME,
  manifestFiles,
} from '../../domain/manifests/manifest-files.ts'
import {
  describeStream,
  joinParts,
  type AudioTrack,
  type CaptionTrack,
  type RungPart,
  type VideoTrack,
} from '../../domain/stream-description.ts'
import type { LadderGroup } from '../../domain/stream-plan.ts'
import { captionsFolderKey, ladderPartKey, ladderSoundKey } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { bringCaptions } from './caption-tracks.ts'
import { putText, readJson } from '../lib/stored-text.ts'

/**
 * Joins the ranges of the groups that are there and writes the manifests of them, with captions that
 * were there before; then the medium can be played. *Idempotent.* *Errors:* STORAGE_UNAVAILABLE
 * (retried).
 */
export const publishLadder =
  (deps: ActivityDependencies): StreamActivities['publishLadder'] =>
  async ({ executionId, source, groups }) => {
    const captions = await publish(deps, source, groups)
    await deps.mediaStreams.publish(executionId, source.folderKey)
    for (const { language } of captions) {
      await deps.mediaStreams.addCaptions(source.mediaId, language)
    }
    return manifestsOf(source)
  }

/**
 * The same for all groups, after which what the ranges left for the join is removed. The note of the
 * sound goes first: a repeated call that misses it knows that everything was published.
 */
export const closeLadder =
  (deps: ActivityDependencies): StreamActivities['closeLadder'] =>
  async (input) => {
    const { source } = input
    const soundKey = ladderSoundKey(source.workKey)
    const isOpen = (await deps.storage.head(soundKey)) !== null
    const delivered = isOpen ? await publishLadder(deps)(input) : manifestsOf(source)
    await deps.storage.delete(soundKey)
    for await (const { key } of deps.storage.list(`${source.workKey}/`)) {
      await deps.storage.delete(key)
    }
    return delivered
  }

const manifestsOf = ({ folderKey }: StreamSource): Delivered => ({
  outputs: {
    hls: `${folderKey}/${HLS_MASTER_NAME}`,
    dash: `${folderKey}/${DASH_MANIFEST_NAME}`,
  },
})

const publish = async (
  deps: ActivityDependencies,
  source: StreamSource,
  groups: readonly LadderGroup[],
): Promise<readonly CaptionTrack[]> => {
  const { folderKey, workKey } = source
  const video: VideoTrack[] = []
  for (const group of groups) video.push(...(await tracksOf(deps, workKey, group)))
  const audio = await readJson<AudioTrack[]>(deps, ladderSoundKey(workKey))
  const captions = await bringCaptions(deps, captionsFolderKey(folderKey), folderKey)
  for (const file of manifestFiles(describeStream({ video, audio, captions }))) {
    await putText(deps, `${folderKey}/${file.name}`, file)
  }
  return captions
}

const tracksOf = async (
  deps: ActivityDependencies,
  workKey: string,
  { rungNames, ranges }: LadderGroup,
): Promise<VideoTrack[]> => {
  const parts: RungPart[] = []
  for (const range of ranges) {
    parts.push(...(await readJson<RungPart[]>(deps, ladderPartKey(workKey, rungNames, range))))
  }
  return rungNames.map((name) => joinParts(parts.filter(({ track }) => track.name === name)))
}
