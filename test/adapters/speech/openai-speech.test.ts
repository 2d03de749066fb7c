import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AnswerMemory } from '../../../src/adapters/answer-memory.ts'
import { createOpenaiSpeech } from '../../../src/adapters/speech/openai-speech.ts'
import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import {
  closedPort,
  startFakeHttpService,
  type FakeAnswer,
  type FakeHttpService,
  type RecordedRequest,
} from '../../support/fake-http-service.ts'
import { makeMedia } from '../../support/media-corpus.ts'
import { mapMemory } from '../../support/map-memory.ts'
import { asSpeechAudio } from '../../support/speech.ts'

let folder: string
let audioPath: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-openai-'))
  // A tone of three seconds, then silence of one, eight times over.
  const source = "aevalsrc='0.5*sin(2*PI*300*t)*lt(mod(t,4),3)':s=16000:d=32"
  const wavPath = await makeMedia(folder, '-f', 'lavfi', '-i', source, 'source.wav')
  audioPath = await asSpeechAudio(wavPath, join(folder, 'speech.flac'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let service: FakeHttpService | undefined
afterEach(() => service?.close())

const json = (body: unknown, status = 200, headers = {}): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** As OpenAI's server answers: words beside the segments, without punctuation. */
const VERBOSE = {
  task: 'transcribe',
  language: 'english',
  duration: 32,
  text: 'And so, my fellow Americans.',
  segments: [
    {
      id: 0,
      seek: 0,
      start: 0.5,
      end: 2.6,
      text: ' And so, my fellow Americans.',
      tokens: [1],
      temperature: 0,
      avg_logprob: -0.2,
      compression_ratio: 1.2,
      no_speech_prob: 0.01,
    },
  ],
  words: [
    { word: 'And', start: 0.5, end: 0.7 },
    { word: 'so', start: 0.7, end: 1 },
    { word: 'my', start: 1.2, end: 1.4 },
    { word: 'fellow', start: 1.4, end: 1.8 },
    { word: 'Americans', start: 1.8, end: 2.6 },
  ],
  usage: { type: 'duration', seconds: 32 },
}

const transcribeWith = async (
  answer: (request: RecordedRequest, index: number) => FakeAnswer | null,
  options: {
    language?: string | null
    uploadBytesMax?: number
    signal?: AbortSignal
    url?: string
    timeoutMs?: number
    model?: string
    remember?: AnswerMemory
  } = {},
) => {
  let index = 0
  service = await startFakeHttpService((request) => answer(request, index++))
  const work = await mkdtemp(join(folder, 'work-'))
  const speech = createOpenaiSpeech({
    url: options.url ?? `${service.baseUrl}/v1`,
    apiKey: 'sk-test',
    model: options.model ?? 'whisper-1',
    timeoutMs: options.timeoutMs ?? 10_000,
    ffmpegPath: 'ffmpeg',
    ffprobePath: 'ffprobe',
    ffmpegTimeoutMs: 30_000,
    uploadBytesMax: options.uploadBytesMax ?? 24e6,
  })
  const transcript = await speech.transcribe({
    audioPath,
    workPath: (name) => join(work, name),
    language: options.language ?? null,
    signal: options.signal ?? new AbortController().signal,
    ...(options.remember === undefined ? {} : { remember: options.remember }),
  })
  expect(await readdir(work)).toEqual([])
  return transcript
}

const field = (request: RecordedRequest | undefined, name: string): string[] =>
  [
    ...(request?.body ?? '').matchAll(
      new RegExp(`name="${name.replaceAll(/[[\]]/g, '\\$&')}"\\r\\n\\r\\n([^\\r]*)\\r\\n`, 'g'),
    ),
  ].map(([, value = '']) => value)

describe('transcription by a server of the OpenAI dialect', () => {
  it('sends what the API wants, and once', async () => {
    await transcribeWith(() => json(VERBOSE), { language: 'en-GB' })
    const [request, ...more] = service?.requests ?? []
    expect(more).toEqual([])
    expect(request).toMatchObject({ method: 'POST', url: '/v1/audio/transcriptions' })
    expect(request?.headers.authorization).toBe('Bearer sk-test')
    expect(field(request, 'model')).toEqual(['whisper-1'])
    expect(field(request, 'response_format')).toEqual(['verbose_json'])
    expect(field(request, 'timestamp_granularities[]')).toEqual(['word', 'segment'])
    expect(field(request, 'language')).toEqual(['en'])
    expect(request?.body).toContain('filename="speech.mp3"')
  })

  it('reads words beside the segments, as OpenAI gives them', async () => {
    const transcript = await transcribeWith(() => json(VERBOSE))
    expect(transcript).toMatchObject({
      language: 'en',
      segments: [{ startSeconds: 0.5, endSeconds: 2.6, text: 'And so, my fellow Americans.' }],
    })
    expect(transcript.words.map(({ text }) => text)).toEqual([
      'And',
      'so',
      'my',
      'fellow',
      'Americans',
    ])
    expect(transcript.durationSeconds).toBeCloseTo(32, 1)
  })

  it('puts together the pieces of words that whisper.cpp gives within the segments', async () => {
    const piece = (word: string, start: number, end: number) => ({
      word,
      start,
      end,
      t_dtw: -1,
      probability: 0.9,
    })
    const { words, language } = await transcribeWith(() =>
      json({
        task: 'transcribe',
        language: 'german',
        duration: 32,
        text: ' Guten Morgen, Welt.',
        segments: [
          {
            id: 0,
            text: ' Guten Morgen, Welt.',
            start: 0,
            end: 2,
            words: [
              piece('[_BEG_]', 0, 0),
              piece(' Gut', 0.1, 0.3),
              piece('en', 0.3, 0.5),
              piece(' Morgen', 0.5, 1),
              piece(',', 1, 1),
              piece(' Welt', 1.2, 1.8),
              piece('.', 1.8, 1.9),
            ],
            temperature: 0,
            avg_logprob: -0.3,
          },
        ],
      }),
    )
    expect(language).toBe('de')
    expect(words).toEqual([
      { startSeconds: 0.1, endSeconds: 0.5, text: 'Guten' },
      { startSeconds: 0.5, endSeconds: 1, text: 'Morgen,' },
      { startSeconds: 1.2, endSeconds: 1.9, text: 'Welt.' },
    ])
  })

  it('drops what a model makes up over silence', async () => {
    const imagined = { id: 1, start: 20, end: 25, text: ' Thanks for watching!' }
    const { segments, words } = await transcribeWith(() =>
      json({
        ...VERBOSE,
        segments: [...VERBOSE.segments, { ...imagined, no_speech_prob: 0.9, avg_logprob: -1.4 }],
        words: [...VERBOSE.words, { word: 'Thanks', start: 20, end: 21 }],
      }),
    )
    expect(segments).toHaveLength(1)
    expect(words).toHaveLength(5)
  })

  it('takes an empty transcript for what it is: nobody spoke', async () => {
    const transcript = await transcribeWith(() =>
      json({ language: 'english', duration: 32, text: '', segments: [], words: [] }),
    )
    expect(transcript).toMatchObject({ segments: [], words: [] })
  })

  it('cuts long sound in silences, below the upload limit, and adds the times up', async () => {
    const sizes: number[] = []
    const transcript = await transcribeWith(
      (request, index) => {
        sizes.push(Number(request.headers['content-length']))
        const word = { word: `piece${index}`, start: 0.5, end: 0.9 }
        return json({ language: 'english', duration: 1, text: word.word, words: [word] })
      },
      // Room for about ten seconds at 48 kbit/s.
      { uploadBytesMax: 16_384 + 60_000 },
    )
    const starts = transcript.words.map(({ startSeconds }) => startSeconds - 0.5)
    // Silences have their middles at 3.5, 7.5, 11.5 … seconds.
    expect(starts.map((start) => Math.round(start * 10) / 10)).toEqual([0, 7.5, 15.5, 23.5])
    expect(transcript.words.map(({ text }) => text)).toEqual(starts.map((_, n) => `piece${n}`))
    expect(Math.max(...sizes)).toBeLessThan(16_384 + 60_000 + 2_000)
    expect(transcript.durationSeconds).toBeCloseTo(32, 1)
  })

  it('uploads all of the sound as MP3, mono, 16 kHz', async () => {
    const uploads: Buffer[] = []
    const { createServer } = await import('node:http')
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        uploads.push(Buffer.concat(chunks))
        response.setHeader('content-type', 'application/json').end(JSON.stringify(VERBOSE))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    await transcribeWith(() => null, { url: `http://127.0.0.1:${port}/v1` })
    server.close()
    const [upload = Buffer.alloc(0)] = uploads
    const from = upload.indexOf('\r\n\r\n', upload.indexOf('filename=')) + 4
    const path = join(folder, 'uploaded')
    await writeFile(path, upload.subarray(from, upload.indexOf('\r\n--', from)))
    const sent = await probe({ ffprobePath: 'ffprobe', path })
    expect(sent.formatName).toBe('mp3')
    expect(sent.streams[0]).toMatchObject({ sampleRateHz: 16_000, channels: 1 })
    expect(sent.durationSeconds).toBeCloseTo(32, 0)
  })
})

describe('a transcription that is tried again', () => {
  /** Room for about ten seconds at 48 kbit/s: four pieces. */
  const uploadBytesMax = 16_384 + 60_000
  const heard = (word: string): FakeAnswer =>
    json({ language: 'english', text: word, words: [{ word, start: 0.5, end: 0.9 }] })
  const failInPiece = async (index: number, answer: FakeAnswer, remember: AnswerMemory) => {
    const failed = transcribeWith((_request, at) => (at < index ? heard(`first${at}`) : answer), {
      uploadBytesMax,
      remember,
    })
    await expect(failed).rejects.toMatchObject({ code: expect.stringMatching(/^PROVIDER_/) })
    await service?.close()
  }

  it.each([
    ['no answer', json({}, 503)],
    ['an answer of no use', json({ hello: 'world' })],
  ])('after %s for its second piece pays for the missing ones alone', async (_what, answer) => {
    const remember = mapMemory()
    await failInPiece(1, answer, remember)
    const again = await transcribeWith((_request, at) => heard(`second${at}`), {
      uploadBytesMax,
      remember,
    })
    expect(service?.requests).toHaveLength(3)
    expect(again.words.map(({ text }) => text)).toEqual(['first0', 'second0', 'second1', 'second2'])
    expect(again.words.map(({ startSeconds }) => Math.round(startSeconds))).toEqual([1, 8, 16, 24])
  })

  it.each([
    ['another model', { model: 'whisper-2' }],
    ['another language', { language: 'de' }],
  ])('with %s asks for everything', async (_what, change) => {
    const remember = mapMemory()
    await failInPiece(3, json({}, 503), remember)
    await transcribeWith((_request, at) => heard(`second${at}`), {
      uploadBytesMax,
      remember,
      ...change,
    })
    expect(service?.requests).toHaveLength(4)
  })
})

describe('a transcription that fails', () => {
  const refusal = (code: string) => ({ error: { message: 'no', type: 'x', param: null, code } })

  it.each([
    ['a wrong key', 401, 'invalid_api_key', 'PROVIDER_REJECTED'],
    ['a wrong parameter', 400, 'invalid_value', 'PROVIDER_REJECTED'],
    ['an unknown model', 404, 'model_not_found', 'PROVIDER_REJECTED'],
    ['too large an upload', 413, 'too_large', 'PROVIDER_REJECTED'],
    ['an empty purse', 429, 'insufficient_quota', 'PROVIDER_REJECTED'],
    ['too many requests', 429, 'rate_limit_exceeded', 'PROVIDER_UNAVAILABLE'],
    ['a broken server', 500, 'server_error', 'PROVIDER_UNAVAILABLE'],
    ['an overloaded server', 503, 'overloaded', 'PROVIDER_UNAVAILABLE'],
  ])('by %s is told as what it is, after one call', async (_what, status, code, expected) => {
    const failed = transcribeWith(() => json(refusal(code), status))
    await expect(failed).rejects.toMatchObject({ code: expected })
    expect(service?.requests).toHaveLength(1)
  })

  it('passes on for how long the server wants to be left alone', async () => {
    const failed = transcribeWith(() =>
      json(refusal('rate_limit_exceeded'), 429, { 'retry-after': '7' }),
    )
    await expect(failed).rejects.toMatchObject({ retryAfterMs: 7_000 })
  })

  it.each([
    ['a page', { headers: { 'content-type': 'text/html' }, body: '<html>Welcome</html>' }],
    ['JSON that breaks off', { ...json({}), body: '{"text":"And so my fel' }],
    ['JSON of something else', json({ hello: 'world' })],
    ['times that are none', json({ text: 'x', segments: [{ start: null, end: 'x', text: 'x' }] })],
  ])('by %s is an answer that cannot be used', async (_what, answer) => {
    await expect(transcribeWith(() => answer)).rejects.toMatchObject({
      code: 'PROVIDER_OUTPUT_INVALID',
    })
  })

  it('by a model without times is final: it would be the same again, and paid again', async () => {
    await expect(transcribeWith(() => json({ text: 'Hello' }))).rejects.toMatchObject({
      code: 'PROVIDER_REJECTED',
    })
  })

  it('by a cut connection, a closed port or no answer in time may be tried again', async () => {
    const unavailable = { code: 'PROVIDER_UNAVAILABLE' }
    await expect(transcribeWith(() => null)).rejects.toMatchObject(unavailable)
    await service?.close()
    const url = `http://127.0.0.1:${await closedPort()}/v1`
    await expect(transcribeWith(() => null, { url })).rejects.toMatchObject(unavailable)
  })

  it('never shows the key', async () => {
    const error: unknown = await transcribeWith(() => json(refusal('x'), 401)).catch((e) => e)
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('sk-test')
  })

  it('by a cancel gives the reason of the cancel', async () => {
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const { signal } = controller
    const cancelled = transcribeWith(
      () => {
        controller.abort(reason)
        return null
      },
      { signal },
    )
    await expect(cancelled).rejects.toBe(reason)
  })
})
