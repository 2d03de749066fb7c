import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import { createElevenlabs } from '../../../src/adapters/models/elevenlabs.ts'
import { SECONDS_A_CHARACTER, startFakeElevenlabs } from '../../support/fake-elevenlabs.ts'
import { startFakeHttpService } from '../../support/fake-http-service.ts'
import {
  accept,
  providerWorld,
  provesToBeProvider,
  type ProviderSubject,
} from './provider-contract.ts'

const common = {
  start: startFakeElevenlabs,
  create: (options) => createElevenlabs({ ...options, settleMs: 0 }),
} satisfies Partial<ProviderSubject>

const speech: ProviderSubject = {
  ...common,
  call: {
    operation: 'generateAudio',
    model: 'eleven_turbo_v2_5',
    body: { voice_id: '21m00Tcm4TlvDq8ikWAM', text: 'Hello, wonderful world.', seed: 7 },
  },
  answers: 'at once',
}

const transcript: ProviderSubject = {
  ...common,
  call: {
    operation: 'transcribe',
    model: 'scribe_v1',
    body: { cloud_storage_url: 'https://example.com/a.mp3', timestamps_granularity: 'word' },
  },
  answers: 'at once',
}

const dubbing: ProviderSubject = {
  ...common,
  call: {
    operation: 'generateAudio',
    model: 'dubbing',
    body: { source_url: 'https://example.com/a.mp4', target_lang: 'fr', num_speakers: 0 },
  },
  answers: 'later',
  tellsRejections: false,
}

provesToBeProvider('elevenlabs speech', speech)
provesToBeProvider('elevenlabs transcripts', transcript)
provesToBeProvider('elevenlabs dubbing', dubbing)

describe('speech of ElevenLabs', () => {
  const world = providerWorld(speech)

  it('is a real file, with the words and when they are spoken', async () => {
    const { fake, provider, call, folder } = world()
    const submission = await provider.submit(call, { folder })
    if (submission.status !== 'completed' || !('file' in submission.answer)) throw new Error('none')
    const { file, words = [] } = submission.answer
    expect(file.contentType).toBe('audio/mpeg')
    const { durationSeconds, streams } = await probe({ ffprobePath: 'ffprobe', path: file.path })
    expect(streams[0]?.codec).toBe('mp3')
    expect(durationSeconds).toBeCloseTo(23 * SECONDS_A_CHARACTER, 1)
    expect(words.map(({ text }) => text)).toEqual(['Hello,', 'wonderful', 'world.'])
    expect(words[1]?.startSeconds).toBeCloseTo(7 * SECONDS_A_CHARACTER)
    expect(words[1]?.endSeconds).toBeCloseTo(16 * SECONDS_A_CHARACTER)
    const [request] = fake.requests
    const { pathname, search } = request?.url ?? new URL('about:blank')
    expect(pathname).toBe('/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/with-timestamps')
    expect(search).toBe('?output_format=mp3_44100_128')
    const sent = { model_id: 'eleven_turbo_v2_5', text: 'Hello, wonderful world.', seed: 7 }
    expect(JSON.parse(request?.body.toString() ?? '')).toEqual(sent)
  })

  it('has no words where the voice has no times', async () => {
    const { fake, provider, call, folder } = world()
    const audio = Buffer.from('not looked at here').toString('base64')
    fake.scripts.set('', { output: { audio_base64: audio, alignment: null } })
    const { answer } = (await provider.submit(call, { folder })) as { answer: object }
    expect(answer).not.toHaveProperty('words')
  })

  it('is not ordered in a format or by a voice that would change the address', async () => {
    const { fake, provider, call, folder } = world()
    for (const wrong of [{ output_format: 'mp3_1&x=1' }, { voice_id: '' }]) {
      const order = { ...call, body: { ...call.body, ...wrong } }
      await expect(provider.submit(order, { folder })).rejects.toMatchObject({
        code: 'PROVIDER_REJECTED',
      })
    }
    const voice = { ...call.body, voice_id: '../history' }
    await provider.submit({ ...call, body: voice }, { folder }).catch(() => undefined)
    expect(fake.requests.map(({ url }) => url.pathname)).toEqual([
      '/v1/text-to-speech/..%2Fhistory/with-timestamps',
    ])
  })

  it('whose answer was lost cannot be found again', async () => {
    const { provider, call } = world()
    await expect(provider.find?.({ ...call, orderedAtMs: 0 }, {})).rejects.toMatchObject({
      code: 'PROVIDER_OUTCOME_UNKNOWN',
    })
  })

  it('is all that there is beside transcripts and dubbing', async () => {
    const { fake, provider, call, folder } = world()
    await expect(
      provider.submit({ ...call, operation: 'generateImage' }, { folder }),
    ).rejects.toMatchObject({ code: 'PROVIDER_REJECTED' })
    expect(fake.requests).toEqual([])
  })
})

describe('transcripts of ElevenLabs', () => {
  const world = providerWorld(transcript)

  it('are ordered as a form, and come as they are', async () => {
    const { fake, provider, call, folder } = world()
    const submission = await provider.submit(call, { folder })
    expect(submission).toMatchObject({
      status: 'completed',
      answer: { json: { language_code: 'eng', words: [{ text: 'Hello' }, {}, {}] } },
    })
    expect(fake.orders[0]?.input).toEqual({
      cloud_storage_url: 'https://example.com/a.mp3',
      timestamps_granularity: 'word',
    })
  })
})

describe('dubbing of ElevenLabs', () => {
  const world = providerWorld(dubbing)

  it('brings its file, under the name of the order', async () => {
    const { fake, provider, folder } = world()
    const state = await provider.inspect(await accept(world()), { folder })
    if (state.status !== 'completed' || !('file' in state.answer)) throw new Error('no file')
    expect(state.answer.file.contentType).toBe('audio/mpeg')
    const { durationSeconds } = await probe({
      ...{ ffprobePath: 'ffprobe', path: state.answer.file.path },
    })
    expect(durationSeconds).toBeCloseTo(2, 1)
    expect(fake.orders[0]).toMatchObject({
      reference: 'exec_1:job a',
      input: { num_speakers: '0' },
    })
    expect(fake.requests.at(-1)?.url.pathname).toMatch(/\/audio\/fr$/)
  })

  it('finds an order whose answer was lost on any page, and no other', async () => {
    const { fake, provider, call, folder } = world()
    fake.scripts.set('', { order: 'loses', times: 1, work: 'runs' })
    await expect(provider.submit(call, { folder })).rejects.toMatchObject({
      code: 'PROVIDER_OUTCOME_UNKNOWN',
    })
    for (let count = 0; count < 101; count += 1) {
      await provider.submit({ ...call, reference: `later ${count}` }, { folder })
    }
    const order = { ...call, orderedAtMs: Date.now() }
    expect(await provider.find?.(order, {})).toEqual({ id: fake.orders[0]?.id })
    expect(await provider.find?.({ ...order, reference: 'never' }, {})).toBeNull()
  })

  it('that is a page instead of a film is no result', async () => {
    const { folder } = world()
    const service = await startFakeHttpService(({ url }) =>
      url.endsWith('/audio/fr')
        ? { headers: { 'content-type': 'text/html' }, body: '<html>' }
        : { body: '{"status":"dubbed","target_languages":["fr"]}' },
    )
    const provider = createElevenlabs({ apiKey: 'key', baseUrl: service.baseUrl })
    await expect(provider.inspect({ id: 'dub' }, { folder })).rejects.toMatchObject({
      code: 'PROVIDER_OUTPUT_INVALID',
    })
    await service.close()
  })

  it('is written over what a first attempt has left', async () => {
    const { provider, folder } = world()
    const handle = await accept(world())
    await writeFile(`${folder}/dubbed`, 'half of a file')
    const state = await provider.inspect(handle, { folder })
    if (state.status !== 'completed' || !('file' in state.answer)) throw new Error('no file')
    expect((await readFile(state.answer.file.path)).length).toBeGreaterThan(1_000)
  })
})
