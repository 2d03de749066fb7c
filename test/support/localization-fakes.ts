import type { AllActivities } from '../../src/activities/create-activities.ts'
import type { LocalizationStages, Recording } from '../../src/contracts/localization-activities.ts'
import { localizeStepPrices } from '../../src/domain/pricing.ts'
import { orderWorld, type OrderChanges, type OrderWorld } from './order-fakes.ts'

/** The work of a localization. */
type LocalizationWork = Pick<
  AllActivities,
  | 'bringRecording'
  | 'findRecording'
  | 'extractAudio'
  | 'transcribeRecording'
  | 'makeSubtitles'
  | 'translateSubtitles'
  | 'publishCaptions'
  | 'submitRemoteTask'
  | 'inspectRemoteTask'
  | 'collectRemoteTask'
  | 'cancelRemoteTask'
>

export interface LocalizationWorld extends OrderWorld<LocalizationWork> {
  /** Languages that became caption tracks. */
  readonly captions: string[]
}

export const LANGUAGES = ['es', 'fr', 'de'] as const

const here = { timeoutMs: 60_000, provider: null }
const STAGES: LocalizationStages = {
  extract: here,
  transcribe: here,
  subtitles: here,
  translate: here,
}

const work = (recording: Recording, captions: string[]): LocalizationWork => ({
  bringRecording: async () => recording,
  findRecording: async () => recording,
  extractAudio: async () => undefined,
  transcribeRecording: async () => ({ outputs: { transcript: 'transcript.json' } }),
  makeSubtitles: async () => ({ outputs: { 'en.vtt': 'en.vtt' } }),
  translateSubtitles: async ({ language }) => ({
    outputs: { [`${language}.vtt`]: `${language}.vtt` },
  }),
  publishCaptions: async ({ languages }) => {
    captions.push(...languages)
    return { captions: languages }
  },
  submitRemoteTask: async ({ provider, step }) => ({ provider, jobId: `job of ${step}` }),
  inspectRemoteTask: async () => ({ status: 'completed', failure: null, answered: true }),
  collectRemoteTask: async ({ outputStem }) => ({
    storageKey: `${outputStem}.vtt`,
    contentType: 'text/vtt',
    sizeBytes: 1,
    durationSeconds: null,
    widthPx: null,
    heightPx: null,
  }),
  cancelRemoteTask: async () => undefined,
})

/** The activities that a localization of a minute into three languages calls, and one account's order
 * of it. In `calls` a translation stands with its language. */
export const localizationWorld = ({
  stages,
  ...changes
}: OrderChanges<LocalizationWork> & {
  readonly stages?: Partial<LocalizationStages>
} = {}): LocalizationWorld => {
  const captions: string[] = []
  const recording: Recording = {
    accountId: 'acct_workflowtest',
    mediaId: 'med_workflowtest',
    sourceKey: 'media/acct/med/original',
    durationSeconds: 60,
    folderKey: 'media/acct/med/localizations/exec',
    stages: { ...STAGES, ...stages },
  }
  const world = orderWorld(
    {
      prices: localizeStepPrices('creator', LANGUAGES, 60),
      work: () => work(recording, captions),
      callOf: ({ name, input }) =>
        name === 'translateSubtitles'
          ? `${name} ${(input as { language: string }).language}`
          : name,
    },
    changes,
  )
  return Object.assign(world, { captions })
}
