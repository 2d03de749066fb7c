import type { Footage } from '../../contracts/clip-activities.ts'
import { localizationKeys } from '../../domain/localization.ts'
import type { Transcript } from '../../domain/transcript.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { readJson } from '../streams/stored-json.ts'

/** What is said in footage; nothing in silent footage. */
export const readFootageTranscript = async (
  deps: Pick<ActivityDependencies, 'storage'>,
  { hasSound, folderKey, durationSeconds }: Footage,
): Promise<Transcript> =>
  hasSound
    ? await readJson<Transcript>(deps, localizationKeys(folderKey).transcriptKey)
    : { language: 'und', durationSeconds, segments: [], words: [] }
