import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClipInput, Footage } from '../../src/contracts/clip-activities.ts'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import type { Moment } from '../../src/domain/clips/moment.ts'
import type { RecutWish } from '../../src/domain/clips/recut-wish.ts'
import { clipId, type ExecutionId, type MediaId } from '../../src/domain/ids.ts'
import { localizationKeys } from '../../src/domain/localization.ts'
import { clipFolderKey } from '../../src/domain/storage-keys.ts'
import { makeMedia } from '../support/media-corpus.ts'
import { newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'

const world = await startActivityWorld()
const SECONDS = 30

let folder: string
/** The order that brought the footage, and a change of its clip. */
let origin: { readonly executionId: ExecutionId; readonly mediaId: MediaId }
let executionId: ExecutionId
let accountId: PipelineOrder['accountId']
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-recut-'))
  const order = await world.order()
  ;({ executionId, accountId } = order)
  const film = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=5:duration=${SECONDS}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=300:duration=${SECONDS}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', 'film.mp4'],
  )
  await world.store('media/film', film, 'video/mp4')
  origin = { executionId: newId('execution'), mediaId: newId('media') }
  await world.deps.media.insert({
    ...{ id: origin.mediaId, accountId, kind: 'video', storageKey: 'media/film' },
    ...{ fileName: null, contentType: 'video/mp4', sizeBytes: 1, durationSeconds: SECONDS },
    streams: [
      { kind: 'video', codec: 'h264', widthPx: 320, heightPx: 180 },
      { kind: 'audio', codec: 'aac' },
    ],
  })
  const contentType = 'application/json'
  const { transcriptKey } = localizationKeys(clipFolderKey({ accountId, ...origin }))
  const words = Array.from({ length: SECONDS }, (_, second) => ({
    startSeconds: second + 0.1,
    endSeconds: second + 0.8,
    text: `Word ${second}.`,
  }))
  const transcript = { language: 'en', durationSeconds: SECONDS, segments: [], words }
  await world.storage.store.put(transcriptKey, Readable.from([JSON.stringify(transcript)]), {
    contentType,
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const moment: Moment = {
  ...{ startSeconds: 10, endSeconds: 16, title: 'A title', hook: '', reason: '' },
  scores: { hook: 1, engagement: 2, value: 3, shareability: 4 },
  source: 'customer',
}

const orderOf = (): PipelineOrder => {
  const id = clipId(origin.executionId, 1)
  const recut: RecutWish = {
    ...{ id, number: 1, origin, format: 'square_1080', captions: null },
    moment: { moment, degradations: [] },
  }
  return {
    ...{ executionId, accountId, pipeline: 'recut', subjectId: id, round: 0, priority: 3 },
    input: { recut },
  }
}

const footageOf = (): Promise<Footage> =>
  world.run('findFootage', { executionId, order: orderOf() })

const clipOf = async (): Promise<ClipInput> => ({
  ...{ executionId, footage: await footageOf(), number: 1, moment, format: 'square_1080' },
})

describe('a clip that is made again', () => {
  it('finds the footage of its order with what was heard in it, and has a folder of its own', async () => {
    const footage = await footageOf()
    expect(footage).toMatchObject({
      ...{ mediaId: origin.mediaId, sourceKey: 'media/film', durationSeconds: SECONDS },
      folderKey: clipFolderKey({ accountId, ...origin }),
      clipsFolderKey: clipFolderKey({ accountId, mediaId: origin.mediaId, executionId }),
    })
    expect(footage.clipsFolderKey).not.toBe(footage.folderKey)
  })

  it('is about what it was made as, under the id that it has', async () => {
    const clip = await clipOf()
    const videoKey = `${clip.footage.clipsFolderKey}/clip-1.mp4`
    await world.store(videoKey, join(folder, 'film.mp4'), 'video/mp4')
    const id = clipId(origin.executionId, 1)
    const { outputs } = await world.run('publishClip', {
      ...{ ...clip, id, captions: null, layout: 'single', degradations: ['heuristicScore'] },
    })
    expect(outputs['clip-1']).toBe(videoKey)
    const about = await text((await world.storage.store.open(outputs['about-1']!)).stream)
    expect(JSON.parse(about)).toMatchObject({
      ...{ id, number: 1, format: 'square_1080', captions: null, ...moment },
      degradations: ['heuristicScore'],
    })
  })

  it('costs one order of the price of a clip, with the steps that it takes', async () => {
    const customer = await world.order()
    const order = { ...orderOf(), executionId: newId('execution'), accountId: customer.accountId }
    await world.deps.executions.abandon({
      ...{ executionId: customer.executionId, ending: 'canceled', failure: null, step: null },
    })
    const admission = await world.run('admitExecution', { order, workflowId: 'recut' })
    expect(admission).toMatchObject({ status: 'held', amountCredits: 12, done: ['hold credits'] })
  })
})

describe('faces', () => {
  const face = { x: 0.4, y: 0.3, width: 0.2, height: 0.3, mouth: [0, 0] }
  const watch = async (clip: ClipInput, detect: () => Promise<never[][]>) => {
    let calls = 0
    const detectFaces = () => {
      calls += 1
      return detect()
    }
    const tools = { ...world.deps.tools, detectFaces }
    const watched = await world.run('watchFaces', clip, { change: { tools } })
    return { ...watched, calls }
  }
  const seen = () => Promise.resolve([[face], [face], [face]] as never[][])

  it('of a stretch are looked for once, whatever else changes of the clip', async () => {
    const clip = await clipOf()
    expect(await watch(clip, seen)).toEqual({ degradations: [], calls: 1 })
    const again = { ...clip, format: 'vertical_1080' as const, number: 2 }
    expect(await watch(again, seen)).toEqual({ degradations: [], calls: 0 })
    const later = { ...clip, moment: { ...moment, endSeconds: 16.5 } }
    expect(await watch(later, seen)).toEqual({ degradations: [], calls: 1 })
  })

  it('that are seen for a moment only are none that the window could follow', async () => {
    const clip = { ...(await clipOf()), moment: { ...moment, startSeconds: 1, endSeconds: 6 } }
    const glimpsed = () => Promise.resolve([[face], [], [], [face]] as never[][])
    expect(await watch(clip, glimpsed)).toEqual({ degradations: ['centerCrop'], calls: 1 })
  })

  it('that were not seen are looked for again: the detector may have failed', async () => {
    const clip = { ...(await clipOf()), moment: { ...moment, startSeconds: 2, endSeconds: 7 } }
    const blind = () => Promise.resolve([[]])
    expect(await watch(clip, blind)).toEqual({ degradations: ['centerCrop'], calls: 1 })
    expect(await watch(clip, seen)).toEqual({ degradations: [], calls: 1 })
  })
})

describe('another moment', () => {
  const limits = { count: 1, minSeconds: 5, maxSeconds: 8 }
  const taken = [
    { startSeconds: 0, endSeconds: 12 },
    { startSeconds: 4, endSeconds: 6 },
    { startSeconds: 20, endSeconds: 30 },
  ]

  it('overlaps nothing that is taken, and is the same when it is asked for again', async () => {
    const footage = await footageOf()
    const input = { executionId, footage, wish: { limits, prompt: null }, taken }
    const scored = await world.run('scoreMoments', input)
    expect(scored.moments).toHaveLength(1)
    const [{ startSeconds, endSeconds }] = scored.moments as [Moment]
    expect(startSeconds).toBeGreaterThanOrEqual(12)
    expect(endSeconds).toBeLessThanOrEqual(20)
    expect(endSeconds - startSeconds).toBeGreaterThanOrEqual(5)
    expect(await world.run('scoreMoments', { ...input, taken: [] })).toEqual(scored)
  })

  it('is asked of the model by what is left, and not taken from it where it is not free', async () => {
    const { clipsFolderKey, ...footage } = await footageOf()
    const heard: string[] = []
    const momentScorer = {
      engine: 'a model',
      findMoments: ({ sentences }: { sentences: readonly { text: string }[] }) => {
        heard.push(...sentences.map((sentence) => sentence.text))
        return Promise.resolve([{ ...moment, source: 'model' as const, startSeconds: 5 }])
      },
    }
    const { moments, degradations } = await world.run(
      'scoreMoments',
      {
        ...{ executionId, taken, wish: { limits, prompt: null } },
        footage: { ...footage, clipsFolderKey: `${clipsFolderKey}-by-model` },
      },
      { change: { momentScorer } },
    )
    expect(heard).toEqual([12, 13, 14, 15, 16, 17, 18, 19].map((second) => `Word ${second}.`))
    expect(moments[0]!.startSeconds).toBeGreaterThanOrEqual(12)
    expect(degradations.length).toBeLessThanOrEqual(1)
  })

  it('is none where no stretch of the length is left', async () => {
    const { clipsFolderKey, ...footage } = await footageOf()
    const scored = await world.run('scoreMoments', {
      ...{ executionId, wish: { limits, prompt: null } },
      taken: [...taken, { startSeconds: 14, endSeconds: 16 }],
      footage: { ...footage, clipsFolderKey: `${clipsFolderKey}-full` },
    })
    expect(scored.moments).toEqual([])
  })
})
