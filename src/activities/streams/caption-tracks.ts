import { languageName } from '../../domain/language.ts'
import { captionName, type CaptionTrack } from '../../domain/stream-description.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { putText, readText } from '../lib/stored-text.ts'

const VTT_NAME = /([\w-]+)\.vtt$/

/** The languages of the subtitles that a medium has. */
export const captionLanguages = async (
  { storage }: Pick<ActivityDependencies, 'storage'>,
  folderKey: string,
): Promise<string[]> => {
  const languages: string[] = []
  for await (const { key } of storage.list(`${folderKey}/`)) {
    const language = VTT_NAME.exec(key)?.[1]
    if (language !== undefined) languages.push(language)
  }
  return languages.toSorted()
}

/**
 * Copies the subtitles of a medium into the folder of a stream, and describes them as its tracks.
 * *Idempotent.*
 */
export const bringCaptions = async (
  deps: Pick<ActivityDependencies, 'storage'>,
  fromKey: string,
  streamKey: string,
): Promise<CaptionTrack[]> => {
  const languages = await captionLanguages(deps, fromKey)
  for (const language of languages) {
    const text = await readText(deps, `${fromKey}/${language}.vtt`)
    const key = `${streamKey}/${captionName(language)}`
    await putText(deps, key, { text, contentType: 'text/vtt' })
  }
  return languages.map((language) => ({ language, label: languageName(language) }))
}
