import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probe } from '../../src/adapters/ffmpeg/probe.ts'
import type { ClipInput, Footage } from '../../src/contracts/clip-activities.ts'
import { clipKeys, type ClipWish } from '../../src/domain/clips/clip-wish.ts'
import { MediaError } from '../../src/domain/failures.ts'
import { clipId, type ExecutionId } from '../../src/domain/ids.ts'
import { localizationKeys } from '../../src/domain/localization.ts'
import type { TimedText } from '../../src/domain/transcript.ts'
import { makeMedia } from '../support/media-corpus.ts'
import { startActivityWorld } from './support/activity-world.ts'

const world = await startActivityWorld({
  SPOOL_PYTHON_PATH: process.env['SPOOL_PYTHON_PATH'] ?? 'python3',
})
const SECONDS = 12
const here = { timeoutMs: 60_000, provider: null }

let folder: string
let executionId: ExecutionId
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-clips-'))
  executionId = (await world.order()).executionId
  const film = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=10:duration=${SECONDS}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=300:duration=${SECONDS}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', 'film.mp4'],
  )
  await world.store('media/film', film, 'video/mp4')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let footages = 0

/** Footage of the film in which the words are said. */
const footageOf = async (words: readonly TimedText[]): Promise<Footage> => {
  const folderKey = `media/clips-${++footages}`
  const transcript = { language: 'en', durationSeconds: SECONDS, segments: [], words }
  const { transcriptKey } = localizationKeys(folderKey)
  const contentType = 'application/json'
  await world.storage.store.put(transcriptKey, Readable.from([JSON.stringify(transcript)]), {
    contentType,
  })
  return {
    accountId: 'acct_00000000',
    mediaId: 'med_00000000',
    sourceKey: 'media/film',
    durationSeconds: SECONDS,
    picturesSeconds: SECONDS,
    folderKey,
    clipsFolderKey: folderKey,
    stages: { extract: here, transcribe: here, subtitles: here, translate: here },
    hasSound: true,
  }
}

const said = (...texts: readonly string[]): readonly TimedText[] =>
  texts.map((text, index) => ({ startSeconds: 2 + index, endSeconds: 2.8 + index, text }))

const wish: ClipWish = {
  limits: { count: 2, minSeconds: 3, maxSeconds: 5 },
  format: 'square_1080',
  captions: { preset: 'minimal', language: null },
  prompt: null,
}

const clipOf = (footage: Footage): ClipInput => ({
  executionId,
  footage,
  number: 1,
  format: 'square_1080',
  moment: {
    startSeconds: 1.5,
    endSeconds: 4.5,
    title: 'A title',
    hook: 'A hook',
    reason: 'A reason',
    scores: { hook: 1, engagement: 2, value: 3, shareability: 4 },
    source: 'heuristic',
  },
})

const makeClip = async (footage: Footage) => {
  const clip = clipOf(footage)
  const watched = await world.run('watchFaces', clip)
  const cut = await world.run('cutClip', { ...clip, captions: wish.captions })
  return { watched, cut }
}

describe('the moments', () => {
  it('are measured without a model, and that is said', async () => {
    const footage = await footageOf(said('Why', 'do', 'whales', 'sing?'))
    const { moments, degradations } = await world.run('scoreMoments', {
      ...{ executionId, footage, wish },
    })
    expect(moments.length).toBeGreaterThan(0)
    expect(degradations).toEqual(['heuristicScore'])
  })

  it.each([
    ['fails', () => Promise.reject(new MediaError('PROVIDER_UNAVAILABLE', 'away'))],
    ['names what lies outside the video', () => Promise.resolve([nowhere])],
  ])('are measured when the model %s', async (_, findMoments) => {
    const footage = await footageOf(said('Why', 'do', 'whales', 'sing?'))
    const momentScorer = { engine: 'a model', findMoments }
    const scored = await world.run(
      'scoreMoments',
      { executionId, footage, wish },
      { change: { momentScorer } },
    )
    expect(scored.degradations).toEqual(['heuristicScore'])
    expect(scored.moments.length).toBeGreaterThan(0)
  })

  it('of a model come first, and are the same when they are asked for again', async () => {
    const footage = await footageOf(said('Why', 'do', 'whales', 'sing?'))
    const named = { ...clipOf(footage).moment, startSeconds: 6, endSeconds: 10 }
    const momentScorer = {
      engine: 'a model',
      findMoments: () => Promise.resolve([{ ...named, source: 'model' as const }]),
    }
    const input = { executionId, footage, wish }
    const first = await world.run('scoreMoments', input, { change: { momentScorer } })
    expect(first.degradations).toEqual([])
    expect(first.moments[0]).toMatchObject({ startSeconds: 6, source: 'model' })
    expect(await world.run('scoreMoments', input)).toEqual(first)
  })
})

const nowhere = {
  ...{ startSeconds: 500, endSeconds: 520, title: 'No', hook: '', reason: '' },
  scores: { hook: 99, engagement: 99, value: 99, shareability: 99 },
  source: 'model' as const,
}

describe('a clip', () => {
  it('without a face is cut from the middle, has its size and length, and is published', async () => {
    const footage = await footageOf(said('Why', 'not?'))
    const { watched, cut } = await makeClip(footage)
    expect([...watched.degradations, ...cut.degradations]).toEqual(['centerCrop'])
    const { outputs } = await world.run('publishClip', {
      ...clipOf(footage),
      id: clipId(executionId, 1),
      captions: wish.captions,
      layout: cut.layout,
      degradations: watched.degradations,
    })
    expect(Object.keys(outputs)).toEqual(['clip-1', 'thumbnail-1', 'about-1'])
    const path = join(folder, 'clip.mp4')
    await world.storage.store.downloadTo(clipKeys(footage.folderKey).videoKey(1), path)
    const made = await probe({ ffprobePath: 'ffprobe', path })
    expect(made.durationSeconds).toBeCloseTo(3, 1)
    expect(made.streams.find(({ kind }) => kind === 'video')).toMatchObject({
      widthPx: 1080,
      heightPx: 1080,
    })
  })

  it('is cut from the middle when the detector dies', async () => {
    const footage = await footageOf([])
    const tools = {
      ...world.deps.tools,
      detectFaces: () => Promise.reject(new MediaError('ENCODER_CRASHED', 'killed')),
    }
    const watched = await world.run('watchFaces', clipOf(footage), { change: { tools } })
    expect(watched.degradations).toEqual(['centerCrop'])
  })

  it.each([
    ['nothing is said', []],
    ['no font has the characters', said('\u{e000}\u{e001}', '\u{f0000}')],
  ])('has no captions when %s, and says so', async (_, words) => {
    const { cut } = await makeClip(await footageOf(words))
    expect(cut.degradations).toEqual(['noCaptions'])
  })

  it('leaves nothing behind in the folder of workspaces', async () => {
    expect(await world.workspaces()).toEqual([])
  })
})
