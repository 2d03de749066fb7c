import { cancellationSignal } from '@temporalio/activity'
import type { LocalizationActivities, Recording } from '../../contracts/localization-activities.ts'
import { SUBTITLE_FORMATS, type Cue, type SubtitleFormat } from '../../domain/captions/cue.ts'
import { layOutCues, usualCaptionLimits } from '../../domain/captions/layout.ts'
import {
  readSubtitles,
  SUBTITLE_CONTENT_TYPES,
  writeSubtitles,
} from '../../domain/captions/subtitle-file.ts'
import { withTexts } from '../../domain/captions/translation.ts'
import { MediaError } from '../../domain/failures.ts'
import { isSpoken, localizationKeys, subtitlesName } from '../../domain/localization.ts'
import { translateStep } from '../../domain/steps.ts'
import type { Transcript } from '../../domain/transcript.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { orderAnswers } from '../lib/order-answers.ts'
import { stepProgress } from '../lib/step-progress.ts'
import { putJson, putText, readJson, readText } from '../lib/stored-text.ts'

/** What translations are made from. */
interface SpokenCues {
  readonly language: string
  readonly cues: readonly Cue[]
}

/**
 * Lays the transcript out as subtitles of the language that is spoken. Without speech there is nothing
 * to lay out: skipped. *Idempotent:* the keys belong to the order. *Errors:* SUBTITLES_UNREADABLE (what
 * a provider made; final); STORAGE_UNAVAILABLE (retried).
 */
export const makeSubtitles =
  (deps: ActivityDependencies): LocalizationActivities['makeSubtitles'] =>
  async ({ recording, formats, madeKey }) => {
    const { transcriptKey, cuesKey, spokenKey } = localizationKeys(recording.folderKey)
    const transcript = await readJson<Transcript>(deps, transcriptKey)
    const { language } = transcript
    const cues =
      madeKey === null
        ? layOutCues(transcript, usualCaptionLimits(language))
        : await readMade(deps, madeKey)
    const spoken: SpokenCues = { language, cues }
    await putJson(deps, cuesKey, spoken)
    if (cues.length === 0) return { skipped: 'nobody speaks', outputs: {} }
    const vtt = { text: writeSubtitles(cues, 'vtt'), contentType: SUBTITLE_CONTENT_TYPES.vtt }
    await putText(deps, spokenKey, vtt)
    return { outputs: await storeSubtitles(deps, recording, { language, cues, formats }) }
  }

/**
 * Translates the subtitles into one language, cue by cue, under the same times. *Idempotent:* the keys
 * belong to order and language, and what an attempt was answered is not asked again. *Errors:*
 * NOT_CONFIGURED, LANGUAGE_UNSUPPORTED, PROVIDER_REJECTED (final); PROVIDER_UNAVAILABLE,
 * PROVIDER_OUTPUT_INVALID, STORAGE_UNAVAILABLE (retried). *Cancellation:* the call is given up.
 */
export const translateSubtitles =
  (deps: ActivityDependencies): LocalizationActivities['translateSubtitles'] =>
  async ({ executionId, recording, language, formats, madeKey }) => {
    const { cuesKey } = localizationKeys(recording.folderKey)
    const spoken = await readJson<SpokenCues>(deps, cuesKey)
    if (spoken.cues.length === 0) return { skipped: 'nobody speaks', outputs: {} }
    if (isSpoken(language, spoken.language)) {
      return { skipped: 'this is the language that is spoken', outputs: {} }
    }
    const progress = stepProgress(deps, { executionId, step: translateStep(language) })
    const translated =
      madeKey === null
        ? await translate(deps, { spoken, language, recording, onProgress: progress.report })
        : await readMade(deps, madeKey)
    await progress.settled()
    const cues = inLinesOf(spoken, translated, language)
    return { outputs: await storeSubtitles(deps, recording, { language, cues, formats }) }
  }

const translate = async (
  deps: ActivityDependencies,
  work: {
    readonly recording: Recording
    readonly spoken: SpokenCues
    readonly language: string
    readonly onProgress: (ratio: number) => void
  },
): Promise<readonly Cue[]> => {
  const { translator } = deps
  if (translator === null) throw new MediaError('NOT_CONFIGURED', 'no translator')
  const { recording, spoken, language, onProgress } = work
  return await translator.translate({
    cues: spoken.cues,
    sourceLanguage: spoken.language === 'und' ? null : spoken.language,
    targetLanguage: language,
    signal: cancellationSignal(),
    onProgress,
    remember: orderAnswers(deps, recording.folderKey),
  })
}

/** Whoever made them: as many as are spoken, and under the times at which they are. */
const inLinesOf = (spoken: SpokenCues, made: readonly Cue[], language: string): Cue[] => {
  if (made.length !== spoken.cues.length) {
    const detail = `${made.length} subtitles for ${spoken.cues.length}`
    throw new MediaError('PROVIDER_OUTPUT_INVALID', detail)
  }
  const texts = made.map((cue) => cue.text)
  return withTexts(spoken.cues, texts, usualCaptionLimits(language))
}

const readMade = async (deps: ActivityDependencies, madeKey: string): Promise<readonly Cue[]> =>
  readSubtitles(await readText(deps, madeKey))

/** Stores every format, for a stream wants its own, and answers with those that were asked for. */
const storeSubtitles = async (
  deps: ActivityDependencies,
  { folderKey }: Recording,
  made: {
    readonly language: string
    readonly cues: readonly Cue[]
    readonly formats: readonly SubtitleFormat[]
  },
): Promise<Record<string, string>> => {
  const { subtitlesKey } = localizationKeys(folderKey)
  const outputs: Record<string, string> = {}
  for (const format of SUBTITLE_FORMATS) {
    const key = subtitlesKey(made.language, format)
    const contentType = SUBTITLE_CONTENT_TYPES[format]
    await putText(deps, key, { text: writeSubtitles(made.cues, format), contentType })
    if (made.formats.includes(format)) outputs[subtitlesName(made.language, format)] = key
  }
  return outputs
}
