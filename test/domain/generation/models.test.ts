import { describe, expect, it } from 'vitest'
import {
  type ModelFacts,
  type ModelOutput,
  type ReadyParams,
  type ReadySource,
} from '../../../src/domain/generation/models/model-facts.ts'
import { modelRequest } from '../../../src/domain/generation/models/model-request.ts'
import {
  fallbacksFor,
  findModel,
  findRoute,
  MODELS,
} from '../../../src/domain/generation/models/table.ts'
import { by } from '../../support/plan-jobs.ts'

const file = (name: string, media: ReadySource['media']): ReadySource => ({
  url: `https://files.test/${name}`,
  media,
  durationSeconds: media === 'image' ? null : 4,
})
const image = file('a.png', 'image')
const second = file('b.png', 'image')
const video = file('v.mp4', 'video')
const audio = file('s.mp3', 'audio')

const url = (media: ReadySource['media'], name: string): ModelOutput => ({
  ...{ kind: 'url', url: `https://out.test/${name}`, media },
})

interface Recorded {
  readonly params: ReadyParams
  /** Missing: the provider's name for the model is as the table has it. */
  readonly model?: string
  readonly body: Readonly<Record<string, unknown>>
  /** What the provider answers, in the shape that it was seen in; missing: bytes. */
  readonly answer?: unknown
  readonly outputs?: readonly ModelOutput[]
}

const png = 'https://out.test/o.png'
const mp4 = 'https://out.test/o.mp4'
const mp3 = 'https://out.test/o.mp3'
const whisperChunks = {
  text: ' Good morning.',
  chunks: [
    { text: ' Good', timestamp: [0, 0.4] },
    { text: ' morning.', timestamp: [0.4, 1.1] },
  ],
}
const twoWords = [
  { text: 'Good', startSeconds: 0, endSeconds: 0.4 },
  { text: 'morning.', startSeconds: 0.4, endSeconds: 1.1 },
]
const saidAtOnce = [{ text: 'Good morning.', startSeconds: 0, endSeconds: 1.1 }]
const ownTranscript = {
  language: 'en',
  duration: 2,
  text: 'Good morning.',
  segments: [{ start: 0, end: 1.1, text: 'Good morning.' }],
  words: [
    { start: 0, end: 0.4, text: 'Good' },
    { start: 0.4, end: 1.1, text: 'morning.' },
  ],
}

/** One exchange for each way to a model. */
const RECORDED: Readonly<Record<string, Recorded>> = {
  'google/nano-banana @ replicate': {
    params: { prompt: 'a boat', image, furtherImages: [second], aspectRatio: '16:9' },
    body: {
      prompt: 'a boat',
      image_input: ['https://files.test/a.png', 'https://files.test/b.png'],
      aspect_ratio: '16:9',
      output_format: 'png',
    },
    answer: png,
    outputs: [url('image', 'o.png')],
  },
  'google/nano-banana @ fal': {
    params: { prompt: 'a boat', image, extra: { outputFormat: 'jpg' } },
    model: 'fal-ai/nano-banana/edit',
    body: {
      prompt: 'a boat',
      image_urls: ['https://files.test/a.png'],
      num_images: 1,
      output_format: 'jpeg',
    },
    answer: { images: [{ url: png, content_type: 'image/png' }], description: 'A boat.' },
    outputs: [url('image', 'o.png')],
  },
  'google/nano-banana-pro @ replicate': {
    params: { prompt: 'a boat', extra: { resolution: '4K' } },
    body: { prompt: 'a boat', image_input: [], output_format: 'png', resolution: '4K' },
    answer: png,
    outputs: [url('image', 'o.png')],
  },
  'google/nano-banana-pro @ fal': {
    params: { prompt: 'a boat', aspectRatio: '9:16' },
    body: { prompt: 'a boat', aspect_ratio: '9:16', num_images: 1, output_format: 'png' },
    answer: { images: [{ url: png }] },
    outputs: [url('image', 'o.png')],
  },
  'bytedance/seedream-4 @ replicate': {
    params: { prompt: 'a boat', widthPx: 1920, heightPx: 1080, aspectRatio: '1:1' },
    body: {
      ...{ prompt: 'a boat', image_input: [], max_images: 1 },
      ...{ size: 'custom', width: 1920, height: 1080 },
    },
    answer: [png],
    outputs: [url('image', 'o.png')],
  },
  'openai/gpt-image-1 @ openai': {
    params: { prompt: 'a boat', aspectRatio: '2:3', extra: { quality: 'high' } },
    body: { prompt: 'a boat', n: 1, size: '1024x1536', quality: 'high' },
  },
  'local/card @ local': {
    params: { prompt: 'Good morning', aspectRatio: '1:1', seed: 7 },
    body: { prompt: 'Good morning', aspectRatio: '1:1', seed: 7 },
  },
  'bytedance/seedance-1-pro @ replicate': {
    params: {
      ...{ prompt: 'it sails', image, durationSeconds: 8, aspectRatio: '16:9', seed: 3 },
      extra: { resolution: '720p', cameraFixed: true },
    },
    body: {
      ...{ prompt: 'it sails', image: 'https://files.test/a.png', duration: 8 },
      ...{ resolution: '720p', seed: 3, camera_fixed: true },
    },
    answer: mp4,
    outputs: [url('video', 'o.mp4')],
  },
  'minimax/video-01 @ replicate': {
    params: { prompt: 'it sails', image, extra: { promptOptimizer: false } },
    body: {
      prompt: 'it sails',
      first_frame_image: 'https://files.test/a.png',
      prompt_optimizer: false,
    },
    answer: mp4,
    outputs: [url('video', 'o.mp4')],
  },
  'veed/fabric-1.0 @ fal': {
    params: { image, audio },
    body: {
      image_url: 'https://files.test/a.png',
      audio_url: 'https://files.test/s.mp3',
      resolution: '720p',
    },
    answer: { video: { url: mp4, content_type: 'video/mp4' } },
    outputs: [url('video', 'o.mp4')],
  },
  'veed/fabric-1.0/fast @ fal': {
    params: { image, audio, extra: { resolution: '480p' } },
    body: {
      image_url: 'https://files.test/a.png',
      audio_url: 'https://files.test/s.mp3',
      resolution: '480p',
    },
    answer: { video: { url: mp4 } },
    outputs: [url('video', 'o.mp4')],
  },
  'async-video/default @ async-video': {
    params: { prompt: 'it sails', durationSeconds: 4, frameRate: 25 },
    body: { prompt: 'it sails', duration: 4, fps: 25 },
    answer: { url: mp4, urls: [mp4] },
    outputs: [url('video', 'o.mp4')],
  },
  'local/pan-zoom @ local': {
    params: { image: { ...image, url: '/workspace/in-0' }, durationSeconds: 3.5, frameRate: 25 },
    body: { image: '/workspace/in-0', durationSeconds: 3.5, frameRate: 25 },
  },
  'elevenlabs/turbo-v2.5 @ elevenlabs': {
    params: {
      ...{ text: 'Good morning', voice: 'pNInz6obpgDQGcFmaJgB', language: 'en', seed: 1 },
      extra: { stability: 0.7, previousText: 'Hello.' },
    },
    body: {
      ...{ text: 'Good morning', voice_id: 'pNInz6obpgDQGcFmaJgB', language_code: 'en', seed: 1 },
      ...{ previous_text: 'Hello.', voice_settings: { stability: 0.7 } },
    },
  },
  'elevenlabs/turbo-v2.5 @ replicate': {
    params: { text: 'Good morning', voice: 'pNInz6obpgDQGcFmaJgB', extra: { speed: 1.1 } },
    body: { prompt: 'Good morning', voice: 'Adam', speed: 1.1 },
    answer: mp3,
    outputs: [url('audio', 'o.mp3')],
  },
  'elevenlabs/dubbing @ elevenlabs': {
    params: { video, language: 'es' },
    body: { source_url: 'https://files.test/v.mp4', target_lang: 'es' },
  },
  'openai/gpt-4o-mini-tts @ openai': {
    params: { text: 'Good morning', extra: { instructions: 'Cheerful.' } },
    body: {
      ...{ input: 'Good morning', voice: 'alloy', response_format: 'mp3' },
      instructions: 'Cheerful.',
    },
  },
  'local/espeak @ local': {
    params: { text: 'Good morning', language: 'en' },
    body: { text: 'Good morning', language: 'en' },
  },
  'openai/whisper @ replicate': {
    params: { audio },
    body: { audio: 'https://files.test/s.mp3', language: 'auto', transcription: 'plain text' },
    answer: {
      segments: [{ id: 0, start: 0, end: 1.2, text: ' Good morning.' }],
      transcription: ' Good morning.',
      detected_language: 'english',
    },
    outputs: [
      {
        kind: 'words',
        segments: [{ text: 'Good morning.', startSeconds: 0, endSeconds: 1.2 }],
        words: [
          { text: 'Good', startSeconds: 0, endSeconds: 0.4 },
          { text: 'morning.', startSeconds: 0.4, endSeconds: 1.2 },
        ],
        language: null,
      },
    ],
  },
  'vaibhavs10/incredibly-fast-whisper @ replicate': {
    params: { video },
    body: {
      ...{ audio: 'https://files.test/v.mp4', language: 'None', task: 'transcribe' },
      ...{ timestamp: 'word', batch_size: 64 },
    },
    answer: whisperChunks,
    outputs: [{ kind: 'words', segments: saidAtOnce, words: twoWords, language: null }],
  },
  'elevenlabs/scribe-v1 @ elevenlabs': {
    params: { audio, language: 'en' },
    body: {
      cloud_storage_url: 'https://files.test/s.mp3',
      language_code: 'en',
      timestamps_granularity: 'word',
    },
    answer: {
      language_code: 'en',
      language_probability: 0.98,
      text: 'Good morning.',
      words: [
        { text: 'Good', start: 0, end: 0.4, type: 'word', speaker_id: 'speaker_0' },
        { text: ' ', start: 0.4, end: 0.4, type: 'spacing' },
        { text: 'morning.', start: 0.4, end: 1.1, type: 'word', speaker_id: 'speaker_0' },
      ],
    },
    outputs: [{ kind: 'words', segments: saidAtOnce, words: twoWords, language: 'en' }],
  },
  'local/speech @ local': {
    params: { audio: { ...audio, url: '/workspace/in-0' }, language: 'en' },
    body: { audio: '/workspace/in-0', language: 'en' },
    answer: ownTranscript,
    outputs: [{ kind: 'words', segments: saidAtOnce, words: twoWords, language: 'en' }],
  },
  'local/translator @ local': {
    params: {
      transcript: { ...file('t.json', 'transcript'), url: '/workspace/in-0' },
      language: 'de',
    },
    body: { transcript: '/workspace/in-0', language: 'de' },
    answer: { ...ownTranscript, language: 'de', words: [] },
    outputs: [
      {
        kind: 'words',
        segments: saidAtOnce,
        words: [
          { text: 'Good', startSeconds: 0, endSeconds: 0.367 },
          { text: 'morning.', startSeconds: 0.367, endSeconds: 1.1 },
        ],
        language: 'de',
      },
    ],
  },
  'openai/gpt-4.1-mini @ openai': {
    params: { prompt: 'A title', schema: { type: 'object' } },
    body: {
      messages: [{ role: 'user', content: 'A title' }],
      max_completion_tokens: 4096,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', strict: true, schema: { type: 'object' } },
      },
    },
    answer: {
      id: 'chatcmpl-1',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: '{}', refusal: null },
          finish_reason: 'stop',
        },
      ],
    },
    outputs: [{ kind: 'text', text: '{}' }],
  },
  'bria/remove-background @ replicate': {
    params: { image },
    body: { image: 'https://files.test/a.png' },
    answer: png,
    outputs: [url('image', 'o.png')],
  },
  'bria/remove-background @ fal': {
    params: { image },
    body: { image_url: 'https://files.test/a.png' },
    answer: { image: { url: png, width: 100, height: 100 } },
    outputs: [url('image', 'o.png')],
  },
  'codeplugtech/background_remover @ replicate': {
    params: { image },
    body: { image: 'https://files.test/a.png' },
    answer: png,
    outputs: [url('image', 'o.png')],
  },
  'nateraw/video-background-remover @ replicate': {
    params: { video },
    body: { video: 'https://files.test/v.mp4' },
    answer: mp4,
    outputs: [url('video', 'o.mp4')],
  },
  'luma/reframe-video @ replicate': {
    params: { video, aspectRatio: '9:16' },
    body: { video_url: 'https://files.test/v.mp4', aspect_ratio: '9:16' },
    answer: mp4,
    outputs: [url('video', 'o.mp4')],
  },
  'luma/reframe-video @ fal': {
    params: { video, aspectRatio: '1:1', prompt: 'sea' },
    body: { video_url: 'https://files.test/v.mp4', aspect_ratio: '1:1', prompt: 'sea' },
    answer: { video: { url: mp4 } },
    outputs: [url('video', 'o.mp4')],
  },
  'sync/lipsync-2 @ replicate': {
    params: { video, audio, extra: { syncMode: 'cut_off' } },
    body: {
      video: 'https://files.test/v.mp4',
      audio: 'https://files.test/s.mp3',
      sync_mode: 'cut_off',
    },
    answer: mp4,
    outputs: [url('video', 'o.mp4')],
  },
  'sync/lipsync-2 @ fal': {
    params: { video, audio },
    body: { video_url: 'https://files.test/v.mp4', audio_url: 'https://files.test/s.mp3' },
    answer: { video: { url: mp4, file_name: 'o.mp4' } },
    outputs: [url('video', 'o.mp4')],
  },
}

const ROUTES = Object.entries<ModelFacts>(MODELS).flatMap(([model, { routes }]) =>
  Object.keys(routes).map((provider) => `${model} @ ${provider}`),
)

describe('the table of models', () => {
  it('has a recorded exchange for each way to each model', () => {
    expect(ROUTES.toSorted()).toEqual(Object.keys(RECORDED).toSorted())
  })

  it.each(ROUTES)('asks for %s in the words of its provider', (route) => {
    const { params, body, model } = RECORDED[route]!
    const request = modelRequest(by(route), params)
    expect(request.body).toEqual(body)
    expect(request.model).toBe(model ?? findRoute(by(route))!.model)
  })

  it.each(ROUTES.filter((route) => RECORDED[route]!.answer !== undefined))(
    'finds in the answer of %s what was made',
    (route) => {
      const { answer, outputs } = RECORDED[route]!
      expect(findRoute(by(route))!.outputs(answer)).toEqual(outputs)
    },
  )

  it.each(ROUTES)('takes nothing for a result of %s that is none', (route) => {
    const nothing = [null, '', 'done', 5, [], {}, { output: null }, { video: {} }, [{ url: 'x' }]]
    const deep = Array.from({ length: 5_000 }).reduce<unknown>((inner) => ({ output: inner }), {})
    for (const answer of [...nothing, deep]) {
      expect(() => findRoute(by(route))!.outputs(answer)).toThrow(/PROVIDER_OUTPUT_INVALID/)
    }
  })

  it('names alternatives that are there and do the same', () => {
    for (const route of ROUTES) {
      for (const choice of fallbacksFor(by(route))) {
        expect(findRoute(choice), `${route} → ${choice.model}`).not.toBeNull()
        const operation = findModel(by(route).model)?.operation
        expect(findModel(choice.model)?.operation).toBe(operation)
      }
    }
  })

  it('needs nothing that a model does not take', () => {
    for (const [name, facts] of Object.entries<ModelFacts>(MODELS)) {
      const takes = Object.keys(facts.takes)
      for (const need of facts.needs.flat()) expect(takes, name).toContain(need)
    }
  })

  it('knows nothing by the names of what every object has', () => {
    expect(findModel('constructor')).toBeNull()
    expect(findRoute(by('google/nano-banana @ toString'))).toBeNull()
  })
})

describe('an alternative is asked with what it takes', () => {
  it('leaves out what it does not take and comes near where it can', () => {
    const params = {
      ...{ prompt: 'it sails', image, durationSeconds: 5, aspectRatio: '9:16' },
      extra: { resolution: '1080p', cameraFixed: true },
    }
    const { body } = modelRequest(by('minimax/video-01 @ replicate'), params)
    expect(body).toEqual({ prompt: 'it sails', first_frame_image: 'https://files.test/a.png' })
  })

  it('brings numbers within its limits', () => {
    const longer = { prompt: 'x', durationSeconds: 40 }
    expect(modelRequest(by('bytedance/seedance-1-pro @ replicate'), longer).body).toMatchObject({
      duration: 12,
    })
  })
})

describe('a text that another job has written', () => {
  it('is refused before anything is sent where it is longer than the model takes', () => {
    const text = 'x'.repeat(4_097)
    expect(() => modelRequest(by('openai/gpt-4o-mini-tts @ openai'), { text })).toThrow(
      /PROVIDER_REJECTED/,
    )
  })
})

describe('a text model', () => {
  const chat = findRoute(by('openai/gpt-4.1-mini @ openai'))!

  it('that refuses is a refusal, not a missing output', () => {
    const answer = { choices: [{ message: { content: null, refusal: 'No.' } }] }
    expect(() => chat.outputs(answer)).toThrow(/PROVIDER_REJECTED/)
  })

  it('that was cut off has written nothing', () => {
    const answer = { choices: [{ message: { content: '{"a":' }, finish_reason: 'length' }] }
    expect(() => chat.outputs(answer)).toThrow(/PROVIDER_OUTPUT_INVALID/)
  })
})
