import type { AllActivities } from '../../src/activities/create-activities.ts'
import type { StreamSource } from '../../src/contracts/stream-activities.ts'
import type { Ladder } from '../../src/domain/ladder.ts'
import { streamStepPrices } from '../../src/domain/pricing.ts'
import type { LadderGroup } from '../../src/domain/stream-plan.ts'
import { orderWorld, type OrderChanges, type OrderWorld } from './order-fakes.ts'

/** The work of a stream. */
type StreamWork = Pick<
  AllActivities,
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
>

export type StreamWorld = OrderWorld<StreamWork>

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

const work = ({ done }: { readonly done: Set<string> }): StreamWork => ({
  probeSource: async () => {
    done.add('probe')
    return SOURCE
  },
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
})

/** The activities that a stream of 100 seconds calls, and one account's order of it. */
export const streamWorld = (changes: OrderChanges<StreamWork> = {}): StreamWorld =>
  orderWorld({ prices: streamStepPrices('creator', 100), work }, changes)
