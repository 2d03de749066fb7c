import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createLocalModels } from '../../../src/adapters/models/local.ts'
import { withWordEngines } from '../../../src/adapters/models/local-words.ts'
import type { ModelCall } from '../../../src/adapters/models/model-provider.ts'
import { createOpenaiSpeech } from '../../../src/adapters/speech/openai-speech.ts'
import { createLibretranslate } from '../../../src/adapters/translation/libretranslate.ts'
import { writeTranscript } from '../../../src/contracts/http/tasks/transcript-file.ts'
import { findRoute } from '../../../src/domain/generation/models/table.ts'
import type { Transcript } from '../../../src/domain/transcript.ts'
import { startFakeHttpService, type FakeHttpService } from '../../support/fake-http-service.ts'
import { makeMedia } from '../../support/media-corpus.ts'

const programs = { ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000 }

let folder: string
let filmPath: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-words-'))
  const pictures = ['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=10:duration=2']
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=300:duration=2']
  filmPath = await makeMedia(folder, ...pictures, ...sound, 'film.mp4')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let service: FakeHttpService | undefined
afterEach(() => service?.close())

/** A server that hears the same two words in everything, and puts `es` before every text. */
const engines = async () => {
  service = await startFakeHttpService(({ url, body }) => {
    const words = [
      { word: 'Hello', start: 0.2, end: 0.6 },
      { word: 'world', start: 0.7, end: 1.2 },
    ]
    const segments = [{ start: 0.2, end: 1.2, text: ' Hello world.' }]
    const answer = url.endsWith('/transcriptions')
      ? { language: 'english', duration: 2, text: 'Hello world.', segments, words }
      : { translatedText: `es ${(JSON.parse(body) as { q: string }).q}` }
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) }
  })
  const { baseUrl: url } = service
  const server = { url, apiKey: null, timeoutMs: 30_000 }
  return {
    ...programs,
    speech: createOpenaiSpeech({
      ...{ ...server, ...programs, model: 'whisper-1', ffmpegTimeoutMs: 30_000 },
      uploadBytesMax: 24e6,
    }),
    translator: createLibretranslate(server),
  }
}

const call = (operation: ModelCall['operation'], model: string, body: ModelCall['body']) => ({
  ...{ operation, model, body },
  ...{ reference: 'r', webhookUrl: null },
})

const workIn = () => mkdtemp(join(folder, 'work-'))

describe("the server's own engines for words", () => {
  it('hear what is said in a film, and the table of models finds the words', async () => {
    const local = withWordEngines(
      createLocalModels({ ...programs, espeakPath: null }),
      await engines(),
    )
    const order = call('transcribe', 'local/speech', { audio: filmPath, language: 'en' })
    const submission = await local.submit(order, { folder: await workIn() })
    if (submission.status !== 'completed' || !('json' in submission.answer)) throw new Error('none')
    const route = findRoute({ model: 'local/speech', provider: 'local' })
    expect(route?.outputs(submission.answer.json)).toMatchObject([
      {
        kind: 'words',
        language: 'en',
        segments: [{ text: 'Hello world.', startSeconds: 0.2, endSeconds: 1.2 }],
        words: [
          { text: 'Hello', startSeconds: 0.2 },
          { text: 'world', endSeconds: 1.2 },
        ],
      },
    ])
  })

  it('translate a transcript, with the same times', async () => {
    const transcript: Transcript = {
      language: 'en',
      durationSeconds: 2,
      segments: [{ startSeconds: 0.2, endSeconds: 1.2, text: 'Hello world.' }],
      words: [{ startSeconds: 0.2, endSeconds: 0.6, text: 'Hello' }],
    }
    const work = await workIn()
    const path = join(work, 'transcript')
    const file = writeTranscript(transcript, { words: true, speakers: false })
    await writeFile(path, JSON.stringify(file))
    const local = withWordEngines(
      createLocalModels({ ...programs, espeakPath: null }),
      await engines(),
    )
    const order = call('translate', 'local/translator', { transcript: path, language: 'es' })
    const submission = await local.submit(order, { folder: work })
    expect(submission).toMatchObject({
      status: 'completed',
      answer: {
        json: { language: 'es', segments: [{ start: 0.2, end: 1.2, text: 'es Hello world.' }] },
      },
    })
  })

  it('say that there are none', async () => {
    const none = { ...programs, speech: null, translator: null }
    const local = withWordEngines(createLocalModels({ ...programs, espeakPath: null }), none)
    for (const order of [
      call('transcribe', 'local/speech', { audio: filmPath }),
      call('translate', 'local/translator', { transcript: filmPath, language: 'es' }),
    ]) {
      await expect(local.submit(order, { folder })).rejects.toMatchObject({
        code: 'NOT_CONFIGURED',
      })
    }
  })

  it('refuse what they do not take, and leave everything else to the other engines', async () => {
    const local = withWordEngines(
      createLocalModels({ ...programs, espeakPath: null }),
      await engines(),
    )
    for (const order of [
      call('transcribe', 'local/speech', { audio: 7 }),
      call('generateImage', 'local/no-such-engine', {}),
    ]) {
      await expect(local.submit(order, { folder })).rejects.toMatchObject({
        code: 'PROVIDER_REJECTED',
      })
    }
    expect(local.name).toBe('local')
  })
})
