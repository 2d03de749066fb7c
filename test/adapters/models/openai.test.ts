import { describe, expect, it } from 'vitest'
import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import { createOpenai } from '../../../src/adapters/models/openai.ts'
import { startFakeHttpService } from '../../support/fake-http-service.ts'
import { startFakeOpenai } from '../../support/fake-openai.ts'
import { providerWorld, provesToBeProvider, type ProviderSubject } from './provider-contract.ts'

const common = {
  start: startFakeOpenai,
  create: (options) => createOpenai(options),
  answers: 'at once',
} satisfies Partial<ProviderSubject>

const image: ProviderSubject = {
  ...common,
  call: {
    operation: 'generateImage',
    model: 'gpt-image-1',
    body: { prompt: 'a red fox', n: 1, size: '1536x1024' },
  },
}

const speech: ProviderSubject = {
  ...common,
  call: {
    operation: 'generateAudio',
    model: 'gpt-4o-mini-tts',
    body: { input: 'Hello, wonderful world.', voice: 'alloy', response_format: 'mp3' },
  },
}

const text: ProviderSubject = {
  ...common,
  call: {
    operation: 'generateText',
    model: 'gpt-4.1-mini',
    body: { messages: [{ role: 'user', content: 'Say something' }] },
  },
}

provesToBeProvider('openai images', image)
provesToBeProvider('openai speech', speech)
provesToBeProvider('openai texts', text)

describe('OpenAI', () => {
  const images = providerWorld(image)

  it('makes an image as a file, and hears of our reference', async () => {
    const { fake, provider, call, folder } = images()
    const submission = await provider.submit(call, { folder })
    if (submission.status !== 'completed' || !('file' in submission.answer)) throw new Error('none')
    const { path, contentType } = submission.answer.file
    expect(contentType).toBe('image/png')
    const { streams } = await probe({ ffprobePath: 'ffprobe', path })
    expect(streams[0]).toMatchObject({ widthPx: 1536, heightPx: 1024 })
    expect(fake.orders[0]).toMatchObject({ reference: 'exec_1:job a', model: 'gpt-image-1' })
  })

  it('has nothing that can be found again, and sends no webhooks', () => {
    const { provider } = images()
    expect(provider.find).toBeUndefined()
    expect(provider.verifyWebhook).toBeUndefined()
  })

  it('does not do what it cannot', async () => {
    const { fake, provider, call, folder } = images()
    await expect(
      provider.submit({ ...call, operation: 'reframe' }, { folder }),
    ).rejects.toMatchObject({ code: 'PROVIDER_REJECTED' })
    expect(fake.requests).toEqual([])
  })
})

describe('speech of OpenAI', () => {
  const world = providerWorld(speech)

  it('is a real file without words', async () => {
    const { provider, call, folder } = world()
    const submission = await provider.submit(call, { folder })
    if (submission.status !== 'completed' || !('file' in submission.answer)) throw new Error('none')
    const { file, words } = submission.answer
    expect(words).toBeUndefined()
    const { durationSeconds } = await probe({ ffprobePath: 'ffprobe', path: file.path })
    expect(durationSeconds).toBeCloseTo(23 * 0.06, 1)
  })
})

describe('texts of OpenAI', () => {
  const world = providerWorld(text)

  it('come with the whole completion', async () => {
    const { fake, provider, call, folder } = world()
    fake.scripts.set('', { output: { scenes: [] } })
    const submission = await provider.submit({ ...call, operation: 'expand' }, { folder })
    expect(submission).toMatchObject({
      answer: { json: { choices: [{ message: { content: '{"scenes":[]}' } }] } },
    })
  })

  const chat = (choice: object) =>
    JSON.stringify({ id: 'c', choices: [{ index: 0, finish_reason: 'stop', ...choice }] })

  it.each([
    [
      'a refusal',
      200,
      chat({ message: { content: null, refusal: 'I cannot help with that' } }),
      'PROVIDER_REJECTED',
    ],
    [
      'a text that was filtered',
      200,
      chat({ finish_reason: 'content_filter', message: { content: 'A' } }),
      'PROVIDER_REJECTED',
    ],
    [
      'a text that was cut off',
      200,
      chat({ finish_reason: 'length', message: { content: '{"scenes":[' } }),
      'PROVIDER_OUTPUT_INVALID',
    ],
    ['no choice', 200, '{"choices":[]}', 'PROVIDER_OUTPUT_INVALID'],
    [
      'an empty purse',
      429,
      '{"error":{"message":"You exceeded your quota","code":"insufficient_quota"}}',
      'PROVIDER_REJECTED',
    ],
  ])('that are %s are told as what they are', async (_what, status, body, code) => {
    const { call, folder } = world()
    const service = await startFakeHttpService(() => ({ status, body }))
    const provider = createOpenai({ apiKey: null, baseUrl: service.baseUrl })
    await expect(provider.submit(call, { folder })).rejects.toMatchObject({ code })
    expect(service.requests[0]?.headers.authorization).toBeUndefined()
    await service.close()
  })

  it('never show the addresses that a provider quotes', async () => {
    const { call, folder } = world()
    const body = '{"error":{"message":"cannot fetch https://spool.example.com/a?signature=secret"}}'
    const service = await startFakeHttpService(() => ({ status: 400, body }))
    const provider = createOpenai({ apiKey: 'sk', baseUrl: service.baseUrl })
    const error: unknown = await provider
      .submit(call, { folder })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'PROVIDER_REJECTED' })
    expect(String(error)).toContain('cannot fetch [address]')
    await service.close()
  })
})
