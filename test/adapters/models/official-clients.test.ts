import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js'
import { createFalClient } from '@fal-ai/client'
import OpenAI from 'openai'
import Replicate from 'replicate'
import { afterEach, describe, expect, it } from 'vitest'
import { startFakeElevenlabs } from '../../support/fake-elevenlabs.ts'
import { startFakeFal } from '../../support/fake-fal.ts'
import type { FakeProvider } from '../../support/fake-model-desk.ts'
import { startFakeOpenai } from '../../support/fake-openai.ts'
import { startFakeReplicate } from '../../support/fake-replicate.ts'

let fake: FakeProvider | undefined
afterEach(() => fake?.close())

const started = <Fake extends FakeProvider>(own: Fake): Fake => {
  fake = own
  return own
}

/** If the makers' own clients can work with the fakes, what our adapters are tested against is no dream. */
describe("the providers' own clients work with the fakes:", () => {
  it('Replicate', async () => {
    const { baseUrl, apiKey, webhookSecret, orders, scripts } = started(await startFakeReplicate())
    const replicate = new Replicate({
      auth: apiKey,
      baseUrl: `${baseUrl}/v1`,
      useFileOutput: false,
    })
    const input = { prompt: 'a fox', duration: 2 }
    const output = await replicate.run('bytedance/seedance-1-pro', { input })
    expect(output).toBe(`${baseUrl}/files/video-2-320x180.mp4`)
    scripts.set('slow', { work: 'runs' })
    const slow = await replicate.predictions.create({
      ...{ model: 'minimax/video-01', input: { prompt: 'slow' } },
    })
    await replicate.predictions.cancel(slow.id)
    expect(await replicate.predictions.get(slow.id)).toMatchObject({ status: 'canceled' })
    const listed = await replicate.predictions.list()
    expect(listed.results.map(({ id }) => id)).toEqual(orders.map(({ id }) => id).toReversed())
    expect(await replicate.webhooks.default.secret.get()).toEqual({ key: webhookSecret })
  })

  it('fal', async () => {
    const { baseUrl, apiKey, orders, scripts } = started(await startFakeFal())
    const fal = createFalClient({
      credentials: apiKey,
      // It knows no other address than fal's.
      requestMiddleware: (request) => {
        const url = request.url.replace('https://queue.fal.run', baseUrl)
        return Promise.resolve({ ...request, url })
      },
    })
    const result = await fal.subscribe('fal-ai/nano-banana', { input: { prompt: 'a fox' } })
    expect(result.data).toMatchObject({ images: [{ content_type: 'image/png' }] })
    scripts.set('bad', { work: 'rejects' })
    await expect(
      fal.subscribe('fal-ai/nano-banana', { input: { prompt: 'bad' } }),
    ).rejects.toMatchObject({ status: 422 })
    expect(orders).toHaveLength(2)
  })

  it('ElevenLabs', async () => {
    const { baseUrl, apiKey, orders } = started(await startFakeElevenlabs())
    const elevenlabs = new ElevenLabsClient({ apiKey, baseUrl })
    const spoken = await elevenlabs.textToSpeech.convertWithTimestamps('voice', {
      ...{ text: 'Hello', modelId: 'eleven_turbo_v2_5', outputFormat: 'mp3_44100_128' },
    })
    expect(spoken.alignment?.characters).toEqual(['H', 'e', 'l', 'l', 'o'])
    expect(Buffer.from(spoken.audioBase64, 'base64').length).toBeGreaterThan(500)
    const heard = await elevenlabs.speechToText.convert({
      ...{ modelId: 'scribe_v1', cloudStorageUrl: 'https://example.com/a.mp3' },
    })
    expect(heard).toMatchObject({ text: 'Hello world.', words: [{ text: 'Hello' }, {}, {}] })
    const { dubbingId } = await elevenlabs.dubbing.create({
      ...{ sourceUrl: 'https://example.com/a.mp4', targetLang: 'fr', name: 'ours' },
    })
    const dubbed = await elevenlabs.dubbing.get(dubbingId)
    expect(dubbed).toMatchObject({ status: 'dubbed', targetLanguages: ['fr'], name: 'ours' })
    expect(await elevenlabs.dubbing.list()).toMatchObject({ dubs: [{ dubbingId }] })
    const audio = await elevenlabs.dubbing.audio.get(dubbingId, 'fr')
    expect((await new Response(audio).arrayBuffer()).byteLength).toBeGreaterThan(500)
    expect(orders).toHaveLength(3)
  })

  it('OpenAI', async () => {
    const { baseUrl, apiKey, scripts } = started(await startFakeOpenai())
    const openai = new OpenAI({ apiKey, baseURL: baseUrl, maxRetries: 0 })
    const made = await openai.images.generate({ model: 'gpt-image-1', prompt: 'a fox' })
    expect(
      Buffer.from(made.data?.[0]?.b64_json ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
    const speech = await openai.audio.speech.create({
      ...{ model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'Hello' },
    })
    expect((await speech.arrayBuffer()).byteLength).toBeGreaterThan(500)
    scripts.set('', { output: { scenes: ['one'] } })
    const completion = await openai.chat.completions.create({
      ...{ model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'Write' }] },
    })
    expect(completion.choices[0]?.message.content).toBe('{"scenes":["one"]}')
  })
})
