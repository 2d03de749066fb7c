import type { AllActivities } from '../../src/activities/create-activities.ts'
import type { LocalizationStages, Recording } from '../../src/contracts/localization-activities.ts'
import type { BranchResult } from '../../src/contracts/orders.ts'
import { localizeStepPrices } from '../../src/domain/pricing.ts'

/** The activities that a localization calls. */
export type LocalizationWorldActivities = Pick<
  AllActivities,
  | 'admitExecution'
  | 'raiseHold'
  | 'completeExecution'
  | 'abandonExecution'
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
  | 'notify'
  | 'sendMail'
  | 'sendAlert'
>

/** One order of one account, as the database would know it. */
export interface LocalizationWorld {
  /** Names of activities; of a translation with its language. */
  readonly calls: string[]
  readonly rounds: { held: number; captured: number }[]
  readonly done: Set<string>
  readonly outputs: Record<string, string>
  readonly results: BranchResult[]
  /** What became caption tracks. */
  readonly captions: string[]
  status: string
  readonly activities: LocalizationWorldActivities
}

export const LANGUAGES = ['es', 'fr', 'de'] as const
const PRICES = localizeStepPrices('creator', LANGUAGES, 60)

const here = { timeoutMs: 60_000, provider: null }
const STAGES: LocalizationStages = {
  extract: here,
  transcribe: here,
  subtitles: here,
  translate: here,
}

const openPrice = (world: LocalizationWorld): number =>
  Object.entries(PRICES).reduce(
    (sum, [step, credits]) => (world.done.has(step) ? sum : sum + credits),
    0,
  )

/** Money and records, kept as the database keeps them. */
const records = (world: LocalizationWorld) =>
  ({
    admitExecution: async () => {
      const amountCredits = openPrice(world)
      world.rounds.push({ held: amountCredits, captured: 0 })
      return { status: 'held', amountCredits, done: [...world.done], outputs: { ...world.outputs } }
    },
    raiseHold: async () => ({ status: 'held', amountCredits: 0, done: [], outputs: {} }),
    completeExecution: async ({ outcome, branches }) => {
      world.status = outcome
      const made = branches.filter((branch) => branch.outcome === 'completed')
      const capturedCredits = made.reduce((sum, { step }) => sum + (PRICES[step] ?? 0), 0)
      world.rounds.at(-1)!.captured = capturedCredits
      world.results.splice(0, Infinity, ...branches)
      for (const branch of branches) {
        Object.assign(world.outputs, branch.outputs)
        if (['completed', 'skipped'].includes(branch.outcome)) world.done.add(branch.step)
      }
      return { capturedCredits }
    },
    abandonExecution: async ({ ending }) => {
      world.status = ending
      return { releasedCredits: world.rounds.at(-1)?.held ?? 0 }
    },
    publishCaptions: async ({ languages }) => {
      world.captions.push(...languages)
      return { captions: languages }
    },
  }) satisfies Partial<LocalizationWorldActivities>

const work = (
  recording: Recording,
): Omit<LocalizationWorldActivities, keyof ReturnType<typeof records>> => ({
  bringRecording: async () => recording,
  findRecording: async () => recording,
  extractAudio: async () => undefined,
  transcribeRecording: async () => ({ outputs: { transcript: 'transcript.json' } }),
  makeSubtitles: async () => ({ outputs: { 'en.vtt': 'en.vtt' } }),
  translateSubtitles: async ({ language }) => ({
    outputs: { [`${language}.vtt`]: `${language}.vtt` },
  }),
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
  notify: async () => ({ deliveryIds: [], mailWanted: false }),
  sendMail: async () => ({ messageId: 'm' }),
  sendAlert: async () => undefined,
})

/** Activities typed by the contract. `change` replaces single ones; each call is noted by name. */
export const localizationWorld = (
  options: {
    readonly stages?: Partial<LocalizationStages>
    readonly change?: Partial<LocalizationWorldActivities>
  } = {},
): LocalizationWorld => {
  const world: LocalizationWorld = {
    calls: [],
    rounds: [],
    done: new Set(['hold credits']),
    outputs: {},
    results: [],
    captions: [],
    status: 'none',
    activities: {} as LocalizationWorldActivities,
  }
  const recording: Recording = {
    accountId: 'acct_workflowtest',
    mediaId: 'med_workflowtest',
    sourceKey: 'media/acct/med/original',
    durationSeconds: 60,
    folderKey: 'media/acct/med/localizations/exec',
    stages: { ...STAGES, ...options.stages },
  }
  const changed = { ...work(recording), ...records(world), ...options.change }
  for (const name of Object.keys(changed) as (keyof LocalizationWorldActivities)[]) {
    const activity = changed[name] as (input: never) => Promise<unknown>
    Object.assign(world.activities, {
      [name]: async (input: { language?: string }) => {
        const suffix = name === 'translateSubtitles' ? ` ${input.language}` : ''
        world.calls.push(`${name}${suffix}`)
        return await activity(input as never)
      },
    })
  }
  return world
}
