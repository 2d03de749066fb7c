import { Readable } from 'node:stream'
import type { BranchResult } from '../../../src/contracts/orders.ts'
import { clipKeys, type ClipWish } from '../../../src/domain/clips/clip-wish.ts'
import type { ClipAbout } from '../../../src/domain/clips/recut-wish.ts'
import {
  clipId,
  type AccountId,
  type ClipId,
  type ExecutionId,
  type MediaId,
} from '../../../src/domain/ids.ts'
import { clipStep } from '../../../src/domain/steps.ts'
import { clipFolderKey, mediaKey } from '../../../src/domain/storage-keys.ts'
import { newId } from '../../support/records.ts'
import type { ApiUnderTest, Customer } from './api-under-test.ts'

/** The length of the video that they were cut from. */
const TALK_SECONDS = 240

export const TALK_WISH: ClipWish = {
  limits: { count: 3, minSeconds: 20, maxSeconds: 30 },
  format: 'vertical_1080',
  captions: { preset: 'tiktok', language: 'en' },
  prompt: 'jokes',
}

/** An order of clips that has ended, with its files. */
export interface MadeClips {
  readonly executionId: ExecutionId
  readonly mediaId: MediaId
  readonly clipIds: readonly ClipId[]
  readonly transcriptKey: string
  readonly abouts: readonly ClipAbout[]
}

const store = async ({ dependencies }: ApiUnderTest, key: string, text: string): Promise<void> => {
  const contentType = 'application/json'
  await dependencies.files.put(key, Readable.from([Buffer.from(text)]), { contentType })
}

/** What a clip of the order is about: twenty seconds, from the tenth, the fiftieth, the ninetieth. */
const aboutOf = (executionId: ExecutionId, number: number): ClipAbout => ({
  id: clipId(executionId, number),
  number,
  format: TALK_WISH.format,
  captions: TALK_WISH.captions,
  startSeconds: 10 + 40 * (number - 1),
  endSeconds: 30 + 40 * (number - 1),
  title: `Clip ${number}`,
  hook: 'Why?',
  scores: { hook: 80, engagement: 70, value: 60, shareability: 50 },
  reason: 'a question at the beginning',
  source: 'model',
  layout: 'single',
  degradations: ['heuristicScore', 'centerCrop'],
})

/** Writes the version of each clip that an execution has made. */
const storeClips = async (
  api: ApiUnderTest,
  folderKey: string,
  abouts: readonly ClipAbout[],
): Promise<readonly BranchResult[]> => {
  const keys = clipKeys(folderKey)
  const branches: BranchResult[] = []
  for (const about of abouts) {
    const { number } = about
    await store(api, keys.aboutKey(number), JSON.stringify(about))
    const outputs = {
      [`clip-${number}`]: keys.videoKey(number),
      [`thumbnail-${number}`]: keys.thumbnailKey(number),
      [`about-${number}`]: keys.aboutKey(number),
    }
    branches.push({ step: clipStep(number), outcome: 'completed', failure: null, outputs })
  }
  return branches
}

const complete = async (
  { repositories }: ApiUnderTest,
  executionId: ExecutionId,
  branches: readonly BranchResult[],
): Promise<void> => {
  const ending = { outcome: 'completed', branches, step: 'save' } as const
  await repositories.executions.completeBranches({ executionId, ...ending })
}

/** Ends the change of a clip, as its workflow would. */
export const endChange = async (
  api: ApiUnderTest,
  change: {
    readonly accountId: AccountId
    readonly mediaId: MediaId
    readonly executionId: ExecutionId
  },
  about: ClipAbout,
): Promise<void> => {
  const branches = await storeClips(api, clipFolderKey(change), [about])
  await complete(api, change.executionId, branches)
}

/** A talk of four minutes of which a customer has three clips, as far as database and storage know; its
 * pictures may end before. */
export const madeClips = async (
  api: ApiUnderTest,
  customer: Customer,
  picturesSeconds = TALK_SECONDS,
): Promise<MadeClips> => {
  const { repositories } = api
  const accountId = customer.id
  const [mediaId, executionId] = [newId('media'), newId('execution')]
  const storageKey = mediaKey(accountId, mediaId)
  await store(api, storageKey, 'a talk')
  await repositories.media.insert({
    ...{ id: mediaId, accountId, kind: 'video', storageKey, fileName: 'talk.mp4' },
    ...{ contentType: 'video/mp4', sizeBytes: 6, durationSeconds: TALK_SECONDS },
    streams: [
      {
        ...{ kind: 'video', codec: 'h264', widthPx: 1280, heightPx: 720 },
        durationSeconds: picturesSeconds,
      },
    ],
  })
  const numbers = [1, 2, 3]
  const names = ['hold credits', 'transcribe', 'score', ...numbers.map(clipStep), 'save', 'notify']
  await repositories.executions.admitOrder({
    order: {
      ...{ executionId, accountId, pipeline: 'clip', subjectId: mediaId, round: 0, priority: 3 },
      input: { wish: TALK_WISH },
    },
    workflowId: `clip-${executionId}`,
    steps: names.map((name) => ({ name, priceCredits: 0 })),
    holdExpiresAt: new Date(Date.now() + 60_000),
  })
  const folderKey = clipFolderKey({ accountId, mediaId, executionId })
  const transcriptKey = `${folderKey}/transcript.json`
  await store(api, transcriptKey, '{}')
  const abouts = numbers.map((number) => aboutOf(executionId, number))
  const heard: BranchResult = {
    ...{ step: 'transcribe', outcome: 'completed', failure: null },
    outputs: { transcript: transcriptKey },
  }
  await complete(api, executionId, [heard, ...(await storeClips(api, folderKey, abouts))])
  const clipIds = abouts.map(({ id }) => id)
  return { executionId, mediaId, clipIds, transcriptKey, abouts }
}
