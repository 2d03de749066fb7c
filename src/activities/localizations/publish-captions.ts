import type { LocalizationActivities } from '../../contracts/localization-activities.ts'
import { localizationKeys } from '../../domain/localization.ts'
import { manifestFiles } from '../../domain/manifests/manifest-files.ts'
import { captionsFolderKey } from '../../domain/storage-keys.ts'
import { STREAM_DESCRIPTION_NAME, type StreamDescription } from '../../domain/stream-description.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { bringCaptions, captionLanguages } from '../streams/caption-tracks.ts'
import { putText, readJson, readText } from '../lib/stored-text.ts'

/** Others may publish at the same time; whoever is last sees what all of them have made. */
const ROUNDS_MAX = 5

/**
 * Makes subtitles caption tracks of the medium: of the stream that it has, by writing manifests anew, and
 * of those that it will have. *Idempotent.* *Errors:* STORAGE_UNAVAILABLE, DATABASE_UNAVAILABLE (retried).
 */
export const publishCaptions =
  (deps: ActivityDependencies): LocalizationActivities['publishCaptions'] =>
  async ({ recording, languages }) => {
    const { accountId, mediaId, folderKey } = recording
    const captions = captionsFolderKey(folderKey)
    const { subtitlesKey } = localizationKeys(folderKey)
    for (const language of languages) {
      const text = await readText(deps, subtitlesKey(language, 'vtt'))
      await putText(deps, `${captions}/${language}.vtt`, { text, contentType: 'text/vtt' })
    }
    const stream = await deps.mediaStreams.find(accountId, mediaId)
    if (stream?.folderKey == null || !stream.readyToStream) return { captions: [] }
    const written = await writeManifests(deps, captions, stream.folderKey)
    for (const language of written) await deps.mediaStreams.addCaptions(mediaId, language)
    return { captions: written }
  }

const writeManifests = async (
  deps: ActivityDependencies,
  captions: string,
  streamKey: string,
): Promise<readonly string[]> => {
  let written: readonly string[] = []
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const tracks = await bringCaptions(deps, captions, streamKey)
    const descriptionKey = `${streamKey}/${STREAM_DESCRIPTION_NAME}`
    const description = await readJson<StreamDescription>(deps, descriptionKey)
    for (const file of manifestFiles({ ...description, captions: tracks })) {
      await putText(deps, `${streamKey}/${file.name}`, file)
    }
    written = tracks.map(({ language }) => language)
    const now = await captionLanguages(deps, captions)
    if (now.join() === written.join()) break
  }
  return written
}
