import { CancelledFailure } from '@temporalio/activity'
import type { AllActivities } from '../../src/activities/create-activities.ts'
import type { BranchResult } from '../../src/contracts/orders.ts'
import type { StreamSource } from '../../src/contracts/stream-activities.ts'
import type { Ladder } from '../../src/domain/ladder.ts'
import { streamStepPrices } from '../../src/domain/pricing.ts'
import type { LadderGroup } from '../../src/domain/stream-plan.ts'

/** The activities that a stream calls. */
export type StreamWorldActivities = Pick<
  AllActivities,
  | 'admitExecution'
  | 'raiseHold'
  | 'completeExecution'
  | 'abandonExecution'
  | 'probeSource'
  | 'findSource'
  | 'planLadder'
  | 'encodeLadderPart'
  | 'encodeLadderSound'
  | 'publishLadder'
  | 'closeLadder'
  | 'makePoster'
  | 'makePreview'
  | 'transcribeStream'
  | 'makeStreamStoryboard'
  | 'makeStreamWaveform'
  | 'notify'
  | 'sendMail'
  | 'sendAlert'
>

/** One order of one account, as the database would know it. */
export interface StreamWorld {
  readonly calls: string[]
  /** What each round held and took. */
  readonly rounds: { held: number; captured: number }[]
  readonly done: Set<string>
  readonly outputs: Record<string, string>
  readonly results: BranchResult[]
  status: string
  readonly activities: StreamWorldActivities
}

const PRICES = streamStepPrices('creator', 100)

const SOURCE: StreamSource = {
  mediaId: 'med_workflowtest',
  sourceKey: 'media/acct/med/original',
  durationSeconds: 100,
  hasSound: true,
  folderKey: 'media/acct/med/streams/exec',
  workKey: 'media/acct/med/parts/exec',
}

/** Two groups: one rung that is published alone, and two in two ranges. */
export const LADDER_GROUPS: readonly LadderGroup[] = [
  { rungNames: ['v-360'], ranges: [{ firstSegment: 0, segmentCount: 25 }], share: 0.2 },
  {
    rungNames: ['v-1080', 'v-720'],
    ranges: [
      { firstSegment: 0, segmentCount: 12 },
      { firstSegment: 12, segmentCount: 13 },
    ],
    share: 0.8,
  },
]

const openPrice = (world: StreamWorld): number =>
  Object.entries(PRICES).reduce(
    (sum, [step, credits]) => (world.done.has(step) ? sum : sum + credits),
    0,
  )

/** Money and records, kept as the database keeps them. */
const records = (world: StreamWorld, credits: () => number) =>
  ({
    admitExecution: async () => {
      const amountCredits = openPrice(world)
      if (credits() < amountCredits) {
        return { status: 'declined', neededCredits: amountCredits, availableCredits: credits() }
      }
      world.rounds.push({ held: amountCredits, captured: 0 })
      world.status = 'pending'
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
  }) satisfies Partial<StreamWorldActivities>

const work: Omit<StreamWorldActivities, keyof ReturnType<typeof records>> = {
  probeSource: async () => SOURCE,
  findSource: async () => SOURCE,
  planLadder: async () => ({ ladder: {} as Ladder, groups: LADDER_GROUPS, partCountMax: 4 }),
  encodeLadderPart: async () => undefined,
  encodeLadderSound: async () => undefined,
  publishLadder: async () => ({ outputs: {} }),
  closeLadder: async () => ({ outputs: { hls: 'master.m3u8', dash: 'manifest.mpd' } }),
  makePoster: async () => ({ outputs: { poster: 'poster.webp' } }),
  makePreview: async () => ({ outputs: { previewGif: 'p.gif', previewWebp: 'p.webp' } }),
  transcribeStream: async () => ({ outputs: { transcript: 'transcript.json' } }),
  makeStreamStoryboard: async () => ({ outputs: { storyboard: 's.vtt' } }),
  makeStreamWaveform: async () => ({ outputs: { waveform: 'w.json' } }),
  notify: async () => ({ deliveryIds: [], mailWanted: false }),
  sendMail: async () => ({ messageId: 'm' }),
  sendAlert: async () => undefined,
}

/** Activities typed by the contract. `change` replaces single ones; each call is noted by name. */
export const streamWorld = (
  options: {
    readonly credits?: () => number
    readonly change?: (world: StreamWorld) => Partial<StreamWorldActivities>
  } = {},
): StreamWorld => {
  const world: StreamWorld = {
    calls: [],
    rounds: [],
    done: new Set(['hold credits']),
    outputs: {},
    results: [],
    status: 'none',
    activities: {} as StreamWorldActivities,
  }
  const base = { ...work, ...records(world, options.credits ?? (() => 1_000)) }
  const changed = { ...base, ...options.change?.(world) }
  for (const name of Object.keys(changed) as (keyof StreamWorldActivities)[]) {
    const activity = changed[name] as (input: never) => Promise<unknown>
    Object.assign(world.activities, {
      [name]: async (input: never) => {
        world.calls.push(name)
        try {
          const result = await activity(input)
          if (name === 'probeSource') world.done.add('probe')
          return result
        } catch (error) {
          if (error instanceof CancelledFailure) world.calls.push(`${name} cancelled`)
          throw error
        }
      },
    })
  }
  return world
}
