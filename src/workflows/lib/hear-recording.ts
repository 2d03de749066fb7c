import type { Recording, StagePlan } from '../../contracts/localization-activities.ts'
import type { BranchResult } from '../../contracts/orders.ts'
import type { Delivered } from '../../contracts/stream-activities.ts'
import { localizationKeys } from '../../domain/localization.ts'
import { localizationStages, type LocalizationProxies } from '../activities.ts'
import type { AdmittedOrder, OrderDesk } from './order-desk.ts'
import { runRemoteTask, type RemoteTask } from './remote-task.ts'

/** What all stages of one round have in common. */
export interface RecordingRound {
  readonly admitted: AdmittedOrder
  readonly desk: OrderDesk
  readonly recording: Recording
  readonly stages: LocalizationProxies
}

export const recordingRound = (
  admitted: AdmittedOrder,
  desk: OrderDesk,
  recording: Recording,
): RecordingRound => ({ admitted, desk, recording, stages: localizationStages(recording.stages) })

/**
 * Takes the sound out of a recording and writes down what is said, here or at a provider; what an earlier
 * round has done is left as it is. Without words there is nothing to go on with: a failure is the
 * caller's.
 */
export const hearRecording = async (
  round: RecordingRound,
  language: string | null,
): Promise<readonly BranchResult[]> => [
  ...(await stage(round, 'extract audio', () => extractAudio(round))),
  ...(await stage(round, 'transcribe', () => transcribe(round, language))),
]

/** A stage that the next ones need, unless an earlier round has done it. */
const stage = async (
  { admitted, desk }: RecordingRound,
  step: string,
  work: () => Promise<Delivered>,
): Promise<readonly BranchResult[]> => {
  if (admitted.done.includes(step)) return []
  const { outputs } = await desk.during(step, work)
  return [{ step, outcome: 'completed', failure: null, outputs }]
}

const workOf = ({ admitted, recording }: RecordingRound) => ({
  executionId: admitted.order.executionId,
  recording,
})

const extractAudio = async (round: RecordingRound): Promise<Delivered> => {
  const { recording, stages } = round
  const madeKey = await sendOut(round, recording.stages.extract, {
    step: 'extract audio',
    kind: 'audio',
    inputKey: recording.sourceKey,
    options: { format: 'flac' },
  })
  await stages.extractAudio({ ...workOf(round), madeKey })
  return { outputs: {} }
}

const transcribe = async (round: RecordingRound, language: string | null): Promise<Delivered> => {
  const { recording, stages } = round
  const madeKey = await sendOut(round, recording.stages.transcribe, {
    step: 'transcribe',
    kind: 'transcription',
    inputKey: localizationKeys(recording.folderKey).audioKey,
    options: { words: true, ...(language === null ? {} : { language }) },
  })
  return await stages.transcribeRecording({ ...workOf(round), language, madeKey })
}

/** Has a stage's work done by its provider, if it has one; answers the key of what was made. */
export const sendOut = async (
  { admitted, desk, recording }: RecordingRound,
  { provider, timeoutMs }: StagePlan,
  task: Pick<RemoteTask, 'step' | 'kind' | 'inputKey' | 'options'>,
): Promise<string | null> => {
  if (provider === null) return null
  const { executionId, round } = admitted.order
  // A retry is a new order: under the old name the provider would find the job that failed.
  const step = round === 0 ? task.step : `${task.step} again ${round}`
  const { storageKey } = await runRemoteTask({
    ...task,
    step,
    provider,
    timeoutMs,
    ownerId: executionId,
    inbox: desk.inbox,
    outputStem: `${recording.folderKey}/made/${step.replaceAll(' ', '-')}`,
  })
  return storageKey
}
