import type { Footage } from '../../contracts/clip-activities.ts'
import { localizationKeys } from '../../domain/localization.ts'
import { partOfTranscript } from '../../domain/transcript-part.ts'
import { tidyTimes, type Transcript } from '../../domain/transcript.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { findJson } from '../lib/stored-text.ts'

/** In nearly every file the sound ends some frames after the last picture: a word may be said until then. */
const ENDS_LATER_SECONDS = 0.25

/**
 * What is said while there are pictures; nothing in silent footage, and where it could not be written
 * down.
 */
export const readFootageTranscript = async (
  deps: Pick<ActivityDependencies, 'storage'>,
  { hasSound, folderKey, picturesSeconds }: Footage,
): Promise<Transcript> => {
  const { transcriptKey } = localizationKeys(folderKey)
  const heard = hasSound ? await findJson<Transcript>(deps, transcriptKey) : null
  const durationSeconds = picturesSeconds
  if (heard === null) return { language: 'und', durationSeconds, segments: [], words: [] }
  const { language, segments, words } = partOfTranscript(
    heard,
    0,
    picturesSeconds + ENDS_LATER_SECONDS,
  )
  return {
    language,
    durationSeconds,
    segments: tidyTimes(segments, picturesSeconds),
    words: tidyTimes(words, picturesSeconds),
  }
}
