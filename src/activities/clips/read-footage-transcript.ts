import type { Footage } from '../../contracts/clip-activities.ts'
import { localizationKeys } from '../../domain/localization.ts'
import type { Transcript } from '../../domain/transcript.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { findJson } from '../lib/stored-text.ts'

/** What is said in footage; nothing in silent footage, and where it could not be written down. */
export const readFootageTranscript = async (
  deps: Pick<ActivityDependencies, 'storage'>,
  { hasSound, folderKey, durationSeconds }: Footage,
): Promise<Transcript> => {
  const { transcriptKey } = localizationKeys(folderKey)
  const heard = hasSound ? await findJson<Transcript>(deps, transcriptKey) : null
  return heard ?? { language: 'und', durationSeconds, segments: [], words: [] }
}
