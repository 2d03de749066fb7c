import type { AllActivities } from '../../src/activities/create-activities.ts'
import type { Footage } from '../../src/contracts/clip-activities.ts'
import type { ClipWish } from '../../src/domain/clips/clip-wish.ts'
import type { MomentSearch, RecutWish } from '../../src/domain/clips/recut-wish.ts'
import type { Moment } from '../../src/domain/clips/moment.ts'
import { clipId } from '../../src/domain/ids.ts'
import { clipStepPrices } from '../../src/domain/pricing.ts'
import { orderWorld, type OrderChanges, type OrderWorld } from './order-fakes.ts'

/** The work of an order of clips. */
type ClipWork = Pick<
  AllActivities,
  | 'bringFootage'
  | 'findFootage'
  | 'extractAudio'
  | 'transcribeRecording'
  | 'scoreMoments'
  | 'watchFaces'
  | 'cutClip'
  | 'publishClip'
>

export type ClipWorld = OrderWorld<ClipWork>

export const CLIP_WISH: ClipWish = {
  limits: { count: 3, minSeconds: 10, maxSeconds: 30 },
  format: 'vertical_1080',
  captions: { preset: 'tiktok', language: null },
  prompt: null,
}

/** Twenty seconds that are worth a clip. */
export const momentAt = (startSeconds: number): Moment => ({
  startSeconds,
  endSeconds: startSeconds + 20,
  title: `From ${startSeconds}`,
  hook: 'Why?',
  reason: 'a question at the beginning',
  scores: { hook: 80, engagement: 70, value: 60, shareability: 50 },
  source: 'heuristic',
})

const ORIGIN = { executionId: 'exec_cliporigin', mediaId: 'med_workflowtest' } as const

const here = { timeoutMs: 60_000, provider: null }
const FOOTAGE: Footage = {
  accountId: 'acct_workflowtest',
  mediaId: 'med_workflowtest',
  sourceKey: 'media/acct/med/original',
  durationSeconds: 120,
  picturesSeconds: 120,
  folderKey: 'media/acct/med/clips/exec',
  clipsFolderKey: 'media/acct/med/clips/exec',
  stages: { extract: here, transcribe: here, subtitles: here, translate: here },
  hasSound: true,
}

const work = (footage: Footage): ClipWork => ({
  bringFootage: async () => footage,
  findFootage: async () => footage,
  extractAudio: async () => undefined,
  transcribeRecording: async () => ({ outputs: { transcript: 'transcript.json' } }),
  scoreMoments: async () => ({
    moments: [momentAt(40), momentAt(0), momentAt(80)],
    degradations: ['heuristicScore'],
  }),
  watchFaces: async ({ number }) => ({ degradations: number === 2 ? ['centerCrop'] : [] }),
  cutClip: async () => ({ degradations: [], layout: 'single' }),
  publishClip: async ({ number, degradations }) => ({
    outputs: { [`clip-${number}`]: `clip-${number}.mp4 ${degradations.join()}` },
  }),
})

const NUMBERED: ReadonlySet<string> = new Set(['watchFaces', 'cutClip', 'publishClip'])

type ClipChanges = OrderChanges<ClipWork> & {
  readonly footage?: Partial<Footage>
  /** The clips that are ordered, by their numbers. */
  readonly numbers?: readonly number[]
}

/** A change of the second clip of such an order. It costs no transcript. */
export const recutWorld = (changes: ClipChanges = {}): ClipWorld => {
  const world = clipWorld({ ...changes, numbers: [2] })
  world.done.add('transcribe')
  return world
}

/** Where another moment for it is looked for. */
export const MOMENT_SEARCH: MomentSearch = {
  limits: { count: 1, minSeconds: 10, maxSeconds: 30 },
  prompt: 'jokes',
  taken: [{ startSeconds: 0, endSeconds: 20 }],
}

/** What such a change is asked for. */
export const recutWishOf = (moment: RecutWish['moment']): RecutWish => ({
  id: clipId(ORIGIN.executionId, 2),
  number: 2,
  origin: ORIGIN,
  format: 'square_1080',
  captions: { preset: 'minimal', language: null },
  moment,
})

/** The activities that an order of three clips of two minutes calls, and one account's order of it. In
 * `calls` the work on a clip stands with its number. */
export const clipWorld = ({
  footage,
  numbers = [1, 2, 3],
  ...changes
}: ClipChanges = {}): ClipWorld =>
  orderWorld(
    {
      prices: clipStepPrices('creator', numbers, 120),
      work: () => work({ ...FOOTAGE, ...footage }),
      callOf: ({ name, input }) =>
        NUMBERED.has(name) ? `${name} ${(input as { number: number }).number}` : name,
    },
    changes,
  )
