/** Clips of a film whose sound goes on after its pictures: all of them are within the pictures. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Footage } from '../../src/contracts/clip-activities.ts'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import { readFootageTranscript } from '../../src/activities/clips/read-footage-transcript.ts'
import { localizationKeys } from '../../src/domain/localization.ts'
import type { TimedText } from '../../src/domain/transcript.ts'
import { makeMedia } from '../support/media-corpus.ts'
import { newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'

const world = await startActivityWorld()
const PICTURES_SECONDS = 4
const SOUND_SECONDS = 9

let folder: string
let footage: Footage
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-unequal-'))
  const path = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=10:duration=${PICTURES_SECONDS}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=300:duration=${SOUND_SECONDS}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', 'film.mp4'],
  )
  const { executionId, accountId } = await world.order()
  const mediaId = newId('media')
  const storageKey = `media/${mediaId}`
  const signal = new AbortController().signal
  const found = await world.deps.ingest.admit({ path }, { storageKey, plan: 'creator', signal })
  await world.deps.media.insert({ id: mediaId, accountId, storageKey, fileName: null, ...found })
  const order: PipelineOrder = {
    ...{ executionId, accountId, pipeline: 'clip', subjectId: mediaId, round: 0, priority: 3 },
    input: {},
  }
  footage = await world.run('findFootage', { executionId, order })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tell = async (words: readonly TimedText[]): Promise<void> => {
  const transcript = { language: 'en', durationSeconds: SOUND_SECONDS, segments: [], words }
  const { transcriptKey } = localizationKeys(footage.folderKey)
  const contentType = 'application/json'
  await world.storage.store.put(transcriptKey, Readable.from([JSON.stringify(transcript)]), {
    contentType,
  })
}

it('moments are chosen, and asked of a model, where there are pictures', async () => {
  expect(footage.durationSeconds).toBeCloseTo(SOUND_SECONDS, 0)
  expect(footage.picturesSeconds).toBe(PICTURES_SECONDS)
  await tell(
    Array.from({ length: SOUND_SECONDS }, (_, second) => ({
      startSeconds: second + 0.1,
      endSeconds: second + 0.9,
      text: `Is this the ${second}?`,
    })),
  )
  const heard: string[] = []
  const momentScorer = {
    engine: 'a model',
    findMoments: ({ sentences }: { sentences: readonly { text: string }[] }) => {
      heard.push(...sentences.map(({ text }) => text))
      const scores = { hook: 90, engagement: 90, value: 90, shareability: 90 }
      const said = { title: 'A title', hook: '', reason: '', source: 'model', scores } as const
      return Promise.resolve([{ ...said, startSeconds: 5, endSeconds: 7 }])
    },
  }
  const wish = { limits: { count: 6, minSeconds: 1, maxSeconds: 2 }, prompt: null }
  const { executionId } = await world.order()
  const input = { executionId, footage, wish }
  const { moments } = await world.run('scoreMoments', input, { change: { momentScorer } })
  expect(heard).toEqual([0, 1, 2, 3].map((second) => `Is this the ${second}?`))
  expect(moments.length).toBeGreaterThanOrEqual(2)
  for (const { endSeconds } of moments) expect(endSeconds).toBeLessThanOrEqual(PICTURES_SECONDS)
})

it('a last word that ends a little after the last picture is not lost', async () => {
  await tell([
    { startSeconds: 3, endSeconds: 3.5, text: 'The' },
    { startSeconds: 3.5, endSeconds: 4.1, text: 'end.' },
    { startSeconds: 4.1, endSeconds: 5, text: 'Really.' },
  ])
  const { words } = await readFootageTranscript(world.deps, footage)
  expect(words.map(({ text, endSeconds }) => [text, endSeconds])).toEqual([
    ['The', 3.5],
    ['end.', 4],
  ])
})
