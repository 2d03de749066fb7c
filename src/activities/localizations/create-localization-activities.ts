import type { LocalizationActivities } from '../../contracts/localization-activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { bringRecording, findRecording } from './find-recording.ts'
import { extractAudio, transcribeRecording } from './hear-recording.ts'
import { publishCaptions } from './publish-captions.ts'
import { makeSubtitles, translateSubtitles } from './write-subtitles.ts'

/** The activities of localizations, with what they need. */
export const createLocalizationActivities = (
  deps: ActivityDependencies,
): LocalizationActivities => ({
  bringRecording: bringRecording(deps),
  findRecording: findRecording(deps),
  extractAudio: extractAudio(deps),
  transcribeRecording: transcribeRecording(deps),
  makeSubtitles: makeSubtitles(deps),
  translateSubtitles: translateSubtitles(deps),
  publishCaptions: publishCaptions(deps),
})
