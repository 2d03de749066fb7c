import { ownPrice, providerPrice } from '../prices.ts'
import { fileOutput, noJsonOutput } from './answers.ts'
import type { ModelFacts, ReadyParams } from './model-facts.ts'
import { given, ownParams } from './request-body.ts'

const video = fileOutput('video')

const seed = { kind: 'number', min: 0, max: 2_147_483_647, whole: true, default: null } as const
const portrait = { kind: 'file', media: ['image'] } as const
const speech = { kind: 'file', media: ['audio'], durationSecondsMax: 300 } as const

const fabricBody = ({ image, audio, extra }: ReadyParams) =>
  given({
    image_url: image?.url,
    audio_url: audio?.url,
    resolution: extra?.['resolution'] ?? '720p',
  })

const fabricResolution = { kind: 'choice', of: ['480p', '720p'], default: '720p' } as const

export const VIDEO_MODELS = {
  'bytedance/seedance-1-pro': {
    operation: 'generate',
    makes: 'video',
    summary: 'Videos of 2 to 12 seconds up to 1080p, from a text or from a first and last frame.',
    takes: {
      prompt: { kind: 'text', lengthMax: 10_000 },
      image: { kind: 'file', media: ['image'] },
      endImage: { kind: 'file', media: ['image'] },
      duration: { kind: 'number', min: 2, max: 12, whole: true, default: 5 },
      resolution: { kind: 'choice', of: ['480p', '720p', '1080p'], default: '1080p' },
      aspectRatio: {
        kind: 'choice',
        of: ['16:9', '4:3', '1:1', '3:4', '9:16', '21:9', '9:21'],
        default: '16:9',
      },
      frameRate: { kind: 'choice', of: [24], default: 24 },
      cameraFixed: { kind: 'flag' },
      seed,
    },
    needs: [['prompt', 'image']],
    routes: {
      replicate: {
        model: 'bytedance/seedance-1-pro',
        body: (params) =>
          given({
            prompt: params.prompt ?? '',
            image: params.image?.url,
            last_frame_image: params.endImage?.url,
            duration: params.durationSeconds ?? 5,
            resolution: '1080p',
            // A first frame has its own shape, and the model keeps it.
            aspect_ratio: params.image === undefined ? params.aspectRatio : undefined,
            fps: params.frameRate,
            seed: params.seed,
            ...ownParams(params),
          }),
        outputs: video,
        price: providerPrice('output second', 150_000, {
          param: 'resolution',
          microUsd: { '480p': 30_000, '720p': 60_000, '1080p': 150_000 },
        }),
      },
    },
    fallbacks: [{ model: 'minimax/video-01', provider: 'replicate' }],
  },
  'minimax/video-01': {
    operation: 'generate',
    makes: 'video',
    summary: 'Videos of six seconds at 720p, from a text or a first frame.',
    takes: {
      prompt: { kind: 'text', lengthMax: 2_000 },
      image: { kind: 'file', media: ['image'] },
      duration: { kind: 'choice', of: [6], default: 6 },
      promptOptimizer: { kind: 'flag' },
    },
    needs: [['prompt']],
    routes: {
      replicate: {
        model: 'minimax/video-01',
        body: (params) =>
          given({
            prompt: params.prompt,
            first_frame_image: params.image?.url,
            ...ownParams(params),
          }),
        outputs: video,
        price: providerPrice('call', 500_000),
      },
    },
    fallbacks: [],
  },
  'veed/fabric-1.0': {
    operation: 'generate',
    makes: 'video',
    summary: 'A portrait that speaks a recording, lips and all.',
    takes: { image: portrait, audio: speech, resolution: fabricResolution },
    needs: [['image'], ['audio']],
    routes: {
      fal: {
        model: 'veed/fabric-1.0',
        body: fabricBody,
        outputs: video,
        price: providerPrice('output second', 150_000, {
          param: 'resolution',
          microUsd: { '480p': 80_000, '720p': 150_000 },
        }),
      },
    },
    fallbacks: [{ model: 'veed/fabric-1.0/fast', provider: 'fal' }],
  },
  'veed/fabric-1.0/fast': {
    operation: 'generate',
    makes: 'video',
    summary: 'A portrait that speaks a recording, sooner and less finely.',
    takes: { image: portrait, audio: speech, resolution: fabricResolution },
    needs: [['image'], ['audio']],
    routes: {
      fal: {
        model: 'veed/fabric-1.0/fast',
        body: fabricBody,
        outputs: video,
        price: providerPrice('output second', 200_000, {
          param: 'resolution',
          microUsd: { '480p': 100_000, '720p': 200_000 },
        }),
      },
    },
    fallbacks: [],
  },
  'async-video/default': {
    operation: 'generate',
    makes: 'video',
    summary: 'Whatever model the server behind `ASYNC_VIDEO_BASE_URL` runs.',
    takes: {
      prompt: { kind: 'text', lengthMax: 20_000 },
      image: { kind: 'file', media: ['image'] },
      duration: { kind: 'number', min: 1, max: 60, whole: false, default: 5 },
      aspectRatio: {
        kind: 'choice',
        of: ['16:9', '9:16', '1:1', '4:5', '4:3', '3:4', '21:9'],
        default: '16:9',
      },
      frameRate: { kind: 'number', min: 8, max: 60, whole: false, default: null },
      resolution: { kind: 'choice', of: ['480p', '720p', '1080p'], default: null },
      seed,
    },
    needs: [['prompt', 'image']],
    routes: {
      'async-video': {
        model: 'default',
        body: (params) =>
          given({
            prompt: params.prompt,
            image_url: params.image?.url,
            duration: params.durationSeconds ?? 5,
            aspect_ratio: params.aspectRatio,
            fps: params.frameRate,
            seed: params.seed,
            ...ownParams(params),
          }),
        outputs: video,
        // Nobody knows the price of a server that the operator runs: that of a common hosted model.
        price: providerPrice('output second', 60_000),
      },
    },
    fallbacks: [],
  },
  'local/pan-zoom': {
    operation: 'generate',
    makes: 'video',
    summary: 'A slow move over an image. Needs no key: for drafts, slides and tests.',
    takes: {
      image: { kind: 'file', media: ['image'] },
      prompt: { kind: 'text', lengthMax: 20_000 },
      duration: { kind: 'number', min: 0.5, max: 120, whole: false, default: 5 },
      aspectRatio: {
        kind: 'choice',
        of: ['16:9', '9:16', '1:1', '4:5', '4:3', '3:4', '21:9'],
        default: null,
      },
      width: { kind: 'number', min: 64, max: 3840, whole: true, default: null },
      height: { kind: 'number', min: 64, max: 3840, whole: true, default: null },
      frameRate: { kind: 'number', min: 10, max: 60, whole: false, default: 30 },
      seed,
    },
    needs: [['image']],
    routes: {
      local: {
        model: 'local/pan-zoom',
        body: (params) =>
          given({
            image: params.image?.url,
            durationSeconds: params.durationSeconds ?? 5,
            aspectRatio: params.aspectRatio,
            widthPx: params.widthPx,
            heightPx: params.heightPx,
            frameRate: params.frameRate,
            seed: params.seed,
          }),
        outputs: noJsonOutput,
        price: ownPrice('video'),
      },
    },
    fallbacks: [],
  },
} as const satisfies Readonly<Record<string, ModelFacts>>
