import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createOpenaiSpeech } from '../../src/adapters/speech/openai-speech.ts'
import { createLibretranslate } from '../../src/adapters/translation/libretranslate.ts'
import type { Cue } from '../../src/domain/captions/cue.ts'
import { writeSubtitles } from '../../src/domain/captions/subtitle-file.ts'
import type { ExecutionId, TaskId } from '../../src/domain/ids.ts'
import { localizationKeys } from '../../src/domain/localization.ts'
import type { TaskKind } from '../../src/domain/task-kinds.ts'
import { makeTone } from '../support/media-corpus.ts'
import { insertAccount, newId } from '../support/records.ts'
import { asSpeechAudio } from '../support/speech.ts'
import { startActivityWorld } from './support/activity-world.ts'

const world = await startActivityWorld()
const { customer, storage } = world

const SECONDS = 15
const SOURCE_KEY = 'media/tone/original'
/** Three batches of the translator, which is asked for twenty at once. */
const CUES: readonly Cue[] = Array.from({ length: 50 }, (_, index) => ({
  startSeconds: index,
  endSeconds: index + 0.9,
  text: `Cue number ${index}`,
}))

const json = (body: unknown) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** A speech server and a translator in one. */
const answerOf = ({ url, body }: { url: string; body: string }) => {
  if (url !== '/translate') return json({ language: 'english', text: '', segments: [], words: [] })
  const { q } = JSON.parse(body) as { q: string[] }
  return json({ translatedText: q.map((text) => text.toUpperCase()) })
}

const url = customer.baseUrl
const programs = { ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', ffmpegTimeoutMs: 30_000 }
const engines = {
  // Room for about six seconds at 48 kbit/s: three pieces.
  speech: createOpenaiSpeech({
    ...{ ...programs, url, apiKey: null, model: 'whisper-1', timeoutMs: 10_000 },
    uploadBytesMax: 16_384 + 36_000,
  }),
  translator: createLibretranslate({ url, apiKey: null, timeoutMs: 10_000 }),
}

let tonePath: string
let flacPath: string
let executionId: ExecutionId
beforeAll(async () => {
  tonePath = await makeTone(world.folder, 'tone.wav', { durationSeconds: SECONDS })
  flacPath = await asSpeechAudio(tonePath, join(world.folder, 'speech.flac'))
  await world.store(SOURCE_KEY, tonePath, 'audio/wav')
  executionId = (await world.order()).executionId
})
beforeEach(() => {
  customer.requests.length = 0
})

const mediaId = newId('media')
let folders = 0

const recordingOf = async () => {
  const here = { timeoutMs: 60_000, provider: null }
  const folderKey = `media/acct/med/localizations/${++folders}`
  const { audioKey, cuesKey } = localizationKeys(folderKey)
  const spoken = JSON.stringify({ language: 'en', cues: CUES })
  const contentType = 'application/json'
  await storage.store.put(audioKey, createReadStream(flacPath), { contentType: 'audio/flac' })
  await storage.store.put(cuesKey, Readable.from([spoken]), { contentType })
  return {
    ...{ accountId: await insertAccount(world.database.database, 1), mediaId, folderKey },
    ...{ sourceKey: SOURCE_KEY, durationSeconds: SECONDS },
    stages: { extract: here, transcribe: here, subtitles: here, translate: here },
  }
}

const taskOf = async (kind: TaskKind, options: Record<string, unknown>): Promise<TaskId> => {
  const task = await world.repositories.tasks.insert({
    ...{ id: newId('task'), accountId: await insertAccount(world.database.database, 100) },
    ...{ kind, dialect: 'tasks', input: 'https://example.com/input', options, metadata: {} },
    ...{ webhookUrl: null, priority: 3 },
  })
  return task.id
}

/** One attempt, as often as it is called. */
type Attempt = () => Promise<unknown>
const change = { change: engines }

const ACTIVITIES: readonly [string, () => Promise<Attempt>][] = [
  [
    'transcribeRecording',
    async () => {
      const work = { executionId, recording: await recordingOf(), language: 'en', madeKey: null }
      return () => world.run('transcribeRecording', work, change)
    },
  ],
  [
    'transcribeStream',
    async () => {
      const folderKey = `media/acct/med/streams/${++folders}`
      const source = {
        ...{ mediaId, sourceKey: SOURCE_KEY, durationSeconds: SECONDS, hasSound: true },
        ...{ folderKey, workKey: `media/acct/med/parts/${folders}` },
      }
      return () => world.run('transcribeStream', { executionId, source, language: 'en' }, change)
    },
  ],
  [
    'transcribeTask',
    async () => {
      const taskId = await taskOf('transcription', {})
      const work = { taskId, inputKey: SOURCE_KEY, isLast: false }
      return () => world.run('transcribeTask', work, change)
    },
  ],
  [
    'translateSubtitles',
    async () => {
      const work = { executionId, recording: await recordingOf(), language: 'es', madeKey: null }
      return () => world.run('translateSubtitles', { ...work, formats: ['vtt'] }, change)
    },
  ],
  [
    'translateTask',
    async () => {
      const inputKey = `uploads/cues-${++folders}`
      const vtt = Readable.from([writeSubtitles(CUES, 'vtt')])
      await storage.store.put(inputKey, vtt, { contentType: 'text/vtt' })
      const taskId = await taskOf('translation', { language: 'es' })
      const work = { taskId, inputKey, isTranscript: false, isLast: false }
      return () => world.run('translateTask', work, change)
    },
  ],
]

describe.each(ACTIVITIES)('%s', (_name, prepare) => {
  it('asks, after an attempt that failed half-way, for what is missing alone', async () => {
    const attempt = await prepare()
    customer.answer = (request) =>
      customer.requests.length === 2 ? { status: 503 } : answerOf(request)
    await expect(attempt()).rejects.toMatchObject({ type: 'PROVIDER_UNAVAILABLE' })
    expect(customer.requests).toHaveLength(2)

    customer.answer = answerOf
    const made = await attempt()
    expect(customer.requests).toHaveLength(4)
    expect(await attempt()).toEqual(made)
    expect(customer.requests).toHaveLength(4)
  })

  it('does not take what another order was answered', async () => {
    customer.answer = answerOf
    await (
      await prepare()
    )()
    await (
      await prepare()
    )()
    expect(customer.requests).toHaveLength(6)
  })
})
