/** What goes wrong around an order of clips while it is in work: files that are gone, a disk that is full, an
 * attempt that dies with the model's answer. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOpenaiScorer } from '../../src/adapters/clips/score-moments.ts'
import type { Footage } from '../../src/contracts/clip-activities.ts'
import { MediaError } from '../../src/domain/failures.ts'
import type { ExecutionId } from '../../src/domain/ids.ts'
import type { TimedText } from '../../src/domain/transcript.ts'
import { startFakeOpenai } from '../support/fake-openai.ts'
import { makeMedia } from '../support/media-corpus.ts'
import { startActivityWorld } from './support/activity-world.ts'
import { clipFrom, storeFootage } from './support/clip-footage.ts'

const world = await startActivityWorld()
const SECONDS = 12
const WISH = { limits: { count: 2, minSeconds: 3, maxSeconds: 5 }, prompt: null }

let folder: string
let executionId: ExecutionId
let openai: Awaited<ReturnType<typeof startFakeOpenai>>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-troubles-'))
  executionId = (await world.order()).executionId
  openai = await startFakeOpenai()
  const film = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=5:duration=${SECONDS}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=300:duration=${SECONDS}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', 'film.mp4'],
  )
  await world.store('media/film', film, 'video/mp4')
})
afterAll(async () => {
  await openai.close()
  rmSync(folder, { recursive: true, force: true })
})

let footages = 0
const footageWith = (words: readonly TimedText[], sourceKey = 'media/film'): Promise<Footage> =>
  storeFootage(world, {
    ...{ folderKey: `media/clips-${++footages}`, sourceKey, durationSeconds: SECONDS, words },
  })

const WORDS = ['Why', 'do', 'whales', 'sing?', 'Nobody', 'knows.'].map((text, index) => ({
  ...{ startSeconds: 1 + index, endSeconds: 1.8 + index, text },
}))

const named = (start: number, end: number) => ({
  ...{ start, end, title: 'Whales', hook: 'Why', reason: 'It makes curious.' },
  scores: { hook: 90, engagement: 80, value: 70, shareability: 60 },
})

const scorer = () =>
  createOpenaiScorer({
    ...{ url: openai.baseUrl, apiKey: openai.apiKey, model: 'a-model', timeoutMs: 10_000 },
  })

describe('a video that is removed while its clips are made', () => {
  const work = [
    ['the sound', 'extractAudio'],
    ['the moments', 'scoreMoments'],
    ['the faces', 'watchFaces'],
    ['the clip', 'cutClip'],
  ] as const
  it.each(work)('ends the work on %s for good', async (_, name) => {
    const footage = await footageWith(WORDS, 'media/removed')
    const clip = clipFrom(executionId, footage)
    const stored = clipFrom(executionId, { ...footage, sourceKey: 'media/film' })
    await world.run('watchFaces', stored)
    const input = {
      extractAudio: { executionId, recording: footage, madeKey: null },
      scoreMoments: { executionId, footage, wish: WISH },
      watchFaces: clipFrom(executionId, { ...footage, folderKey: `${footage.folderKey}-new` }),
      cutClip: { ...clip, captions: null },
    }[name]
    const failed = world.run(name, input)
    await expect(failed).rejects.toMatchObject({ type: 'STORAGE_NOT_FOUND', nonRetryable: true })
    expect(await world.workspaces()).toEqual([])
  })
})

describe('a disk that is full', () => {
  it.runIf(existsSync('/dev/full'))('is said, and the clip is tried again', async () => {
    const clip = clipFrom(executionId, await footageWith([]))
    await world.run('watchFaces', clip)
    const { tools } = world.deps
    const full = {
      ...tools,
      cutClip: (job: Parameters<typeof tools.cutClip>[0]) =>
        tools.cutClip({ ...job, outputPath: '/dev/full' }),
    }
    const cut = world.run('cutClip', { ...clip, captions: null }, { change: { tools: full } })
    await expect(cut).rejects.toMatchObject({ type: 'DISK_FULL', nonRetryable: false })
    expect(await world.workspaces()).toEqual([])
  })
})

describe("the model's choice", () => {
  const score = (footage: Footage, change: Parameters<typeof world.run>[2]) =>
    world.run('scoreMoments', { executionId, footage, wish: WISH }, change)

  it('is paid once, though the attempt dies right after the answer', async () => {
    openai.scripts.set('', { output: { moments: [named(6, 10)] } })
    const footage = await footageWith(WORDS)
    const { tools } = world.deps
    const momentScorer = scorer()
    const dying = {
      ...tools,
      measureRecording: () => Promise.reject(new MediaError('ENCODER_CRASHED', 'killed')),
    }
    const before = openai.orders.length
    const first = score(footage, { change: { momentScorer, tools: dying } })
    await expect(first).rejects.toMatchObject({ type: 'ENCODER_CRASHED', nonRetryable: false })
    const second = await score(footage, { change: { momentScorer } })
    expect(second.moments[0]).toMatchObject({ source: 'model', title: 'Whales' })
    expect(second.degradations).toEqual([])
    expect(await score(footage, { change: { momentScorer } })).toEqual(second)
    expect(openai.orders.length - before).toBe(1)
  })

  it.each<[string, unknown]>([
    ['prose', 'The part with the whale.'],
    ['half of an answer', '{"moments":[{"start":1,'],
    ['times outside the video', { moments: [named(500, 520), named(-9, -4)] }],
    ['numbers that are none', { moments: [{ ...named(1, 5), start: 'soon' }] }],
    ['negative scores', { moments: [{ ...named(1, 5), scores: { hook: -5 } }] }],
    ['a title of a megabyte', { moments: [{ ...named(1, 5), title: 'T'.repeat(1e6) }] }],
  ])('that is %s is left to measures, and that is said', async (_, output) => {
    openai.scripts.set('', { output })
    const footage = await footageWith(WORDS)
    const scored = await score(footage, { change: { momentScorer: scorer() } })
    expect(scored.degradations).toEqual(['heuristicScore'])
    expect(scored.moments).toHaveLength(2)
  })

  it.each<[string, readonly unknown[]]>([
    ['reversed', [named(5, 1), named(11, 7)]],
    ['overlapping', [named(1, 5), named(2, 6), named(3, 7), named(4, 8)]],
    ['of 500 moments', Array.from({ length: 500 }, (_, index) => named(index % 12, index % 17))],
  ])('that is %s becomes clips that do not overlap', async (_, moments) => {
    openai.scripts.set('', { output: { moments } })
    const footage = await footageWith(WORDS)
    const scored = await score(footage, { change: { momentScorer: scorer() } })
    expect(scored.degradations).toEqual([])
    expect(scored.moments).toHaveLength(2)
    const [first, second] = scored.moments.toSorted((a, b) => a.startSeconds - b.startSeconds)
    expect(first!.startSeconds).toBeGreaterThanOrEqual(0)
    expect(first!.endSeconds).toBeLessThanOrEqual(second!.startSeconds)
    expect(second!.endSeconds).toBeLessThanOrEqual(SECONDS)
  })
})
