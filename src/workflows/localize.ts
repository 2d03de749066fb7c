import type { Recording } from '../contracts/localization-activities.ts'
import type { BranchResult, PipelineOutcome } from '../contracts/orders.ts'
import type { ExecutionId } from '../domain/ids.ts'
import {
  languagesOf,
  localizationKeys,
  localizationWish,
  type LocalizationWish,
} from '../domain/localization.ts'
import { translateStep } from '../domain/steps.ts'
import { localizations } from './activities.ts'
import { runBranches } from './lib/branches.ts'
import { bringSource } from './lib/bring-source.ts'
import {
  hearRecording,
  recordingRound,
  sendOut,
  type RecordingRound,
} from './lib/hear-recording.ts'
import type { AdmittedOrder, OrderDesk } from './lib/order-desk.ts'
import { runOrder, type OrderInput } from './lib/order-run.ts'
import { tolerate } from './lib/tolerate.ts'

/**
 * Localizes a recording: hold credits, extract the audio, transcribe, lay out subtitles; then beside each
 * other, each with retries of its own, a translation into every language; save, tell. A language that
 * fails does not spoil the others: the order then ends `partial`, and a retry (the same workflow id
 * again) makes that one alone. Each stage is done here, or by a provider.
 */
export const localize = async (input: OrderInput): Promise<PipelineOutcome> =>
  await runOrder(input, {
    work: makeLocalization,
    closingStep: 'save',
    alertTitle: 'A localization is not complete',
  })

interface Round extends RecordingRound {
  readonly wish: LocalizationWish
  readonly work: { readonly executionId: ExecutionId; readonly recording: Recording }
}

const makeLocalization = async (
  admitted: AdmittedOrder,
  desk: OrderDesk,
): Promise<readonly BranchResult[]> => {
  const { order, done, outputs } = admitted
  const { executionId } = order
  const recording = await bringSource(admitted, desk, {
    step: 'extract audio',
    bring: () => localizations.bringRecording({ executionId, order }),
    find: () => localizations.findRecording({ executionId, order }),
  })
  const work = { executionId, recording }
  const wish = localizationWish(order.input)
  const round = { ...recordingRound(admitted, desk, recording), wish, work }

  const heard = await hearRecording(round, wish.sourceLanguage)
  const subtitles = { step: 'subtitles', work: () => layOut(round) }
  const written = [...heard, ...(await runBranches(desk, [subtitles], done))]
  if (!isWhole(written)) return written

  const translations = wish.languages.map((language) => ({
    step: translateStep(language),
    work: () => translate(round, language),
  }))
  const results = [...written, ...(await runBranches(desk, translations, done))]
  const languages = languagesOf(Object.assign({}, outputs, ...results.map((one) => one.outputs)))
  if (results.some(({ outcome }) => outcome === 'canceled') || languages.length === 0)
    return results
  await tolerate('captions', () => round.stages.publishCaptions({ ...work, languages }))
  return results
}

const isWhole = (results: readonly BranchResult[]): boolean =>
  results.every(({ outcome }) => outcome === 'completed' || outcome === 'skipped')

const layOut = async (round: Round) => {
  const { recording, stages, wish, work } = round
  const madeKey = await sendOut(round, recording.stages.subtitles, {
    step: 'subtitles',
    kind: 'subtitles',
    inputKey: localizationKeys(recording.folderKey).audioKey,
    options: { format: 'vtt' },
  })
  return await stages.makeSubtitles({ ...work, formats: wish.formats, madeKey })
}

const translate = async (round: Round, language: string) => {
  const { recording, stages, wish, work } = round
  const madeKey = await sendOut(round, recording.stages.translate, {
    step: translateStep(language),
    kind: 'translation',
    inputKey: localizationKeys(recording.folderKey).spokenKey,
    options: { language, format: 'vtt' },
  })
  return await stages.translateSubtitles({ ...work, language, formats: wish.formats, madeKey })
}
