import { Readable } from 'node:stream'
import type { ClipInput, Footage } from '../../../src/contracts/clip-activities.ts'
import { clipKeys } from '../../../src/domain/clips/clip-wish.ts'
import type { ExecutionId } from '../../../src/domain/ids.ts'
import { localizationKeys } from '../../../src/domain/localization.ts'
import type { TimedText } from '../../../src/domain/transcript.ts'
import type { ActivityWorld } from './activity-world.ts'

const here = { timeoutMs: 60_000, provider: null }

interface NewFootage {
  readonly folderKey: string
  /** The stored film. */
  readonly sourceKey: string
  readonly durationSeconds: number
  /** What is said in it; null: it has no sound. */
  readonly words: readonly TimedText[] | null
}

/** Footage of a stored film, of which it is known what is said. */
export const storeFootage = async (
  { storage }: Pick<ActivityWorld, 'storage'>,
  { folderKey, sourceKey, durationSeconds, words }: NewFootage,
): Promise<Footage> => {
  const transcript = { language: 'und', durationSeconds, segments: [], words: words ?? [] }
  await storage.store.put(
    localizationKeys(folderKey).transcriptKey,
    Readable.from([JSON.stringify(transcript)]),
    { contentType: 'application/json' },
  )
  return {
    accountId: 'acct_00000000',
    mediaId: 'med_00000000',
    ...{ sourceKey, durationSeconds, folderKey, clipsFolderKey: folderKey },
    picturesSeconds: durationSeconds,
    stages: { extract: here, transcribe: here, subtitles: here, translate: here },
    hasSound: words !== null,
  }
}

/** A clip of a part of it. */
export const clipFrom = (
  executionId: ExecutionId,
  footage: Footage,
  { startSeconds = 0.5, endSeconds = 2 } = {},
): ClipInput => ({
  ...{ executionId, footage, number: 1, format: 'square_1080' },
  moment: {
    ...{ startSeconds, endSeconds, title: 'A title', hook: 'A hook', reason: 'A reason' },
    scores: { hook: 1, engagement: 2, value: 3, shareability: 4 },
    source: 'heuristic',
  },
})

/** Makes it; answers the file, and what was done in a simpler way. */
export const makeClipOf = async (
  { run, storage }: Pick<ActivityWorld, 'run' | 'storage'>,
  clip: ClipInput,
  path: string,
): Promise<readonly string[]> => {
  const watched = await run('watchFaces', clip)
  const captions = { preset: 'tiktok', language: null } as const
  const cut = await run('cutClip', { ...clip, captions })
  await storage.store.downloadTo(clipKeys(clip.footage.clipsFolderKey).videoKey(1), path)
  return [...watched.degradations, ...cut.degradations]
}
