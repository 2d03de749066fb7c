import { providerPrice } from '../prices.ts'
import { fileOutput } from './answers.ts'
import type { ModelFacts } from './model-facts.ts'
import { given, ownParams } from './request-body.ts'

const video = fileOutput('video')

/** Longer ones are refused by the providers. */
const film = { kind: 'file', media: ['video'], durationSecondsMax: 300 } as const
/** Of what Luma reframes. */
const SHORT_FILM_SECONDS = 30

const imageFile = { kind: 'file', media: ['image'] } as const

export const EDIT_MODELS = {
  'bria/remove-background': {
    operation: 'removeBackground',
    makes: 'image',
    summary: 'Cuts what an image shows out of its background, with soft edges.',
    takes: { image: imageFile },
    needs: [['image']],
    routes: {
      replicate: {
        model: 'bria/remove-background',
        body: ({ image }) => given({ image: image?.url }),
        outputs: fileOutput('image'),
        price: providerPrice('image', 18_000),
      },
      fal: {
        model: 'fal-ai/bria/background/remove',
        body: ({ image }) => given({ image_url: image?.url }),
        outputs: fileOutput('image'),
        price: providerPrice('image', 18_000),
      },
    },
    fallbacks: [],
  },
  'codeplugtech/background_remover': {
    operation: 'removeBackground',
    makes: 'image',
    summary: 'Cuts what an image shows out of its background.',
    takes: { image: imageFile },
    needs: [['image']],
    routes: {
      replicate: {
        model:
          'codeplugtech/background_remover:37ff2aa89897c0de4a140a3d50969dc62b663ea467e1e2bde18008e3d3731b2b',
        body: ({ image }) => given({ image: image?.url }),
        outputs: fileOutput('image'),
        price: providerPrice('image', 5_000),
      },
    },
    fallbacks: [{ model: 'bria/remove-background', provider: 'replicate' }],
  },
  'nateraw/video-background-remover': {
    operation: 'removeBackground',
    makes: 'video',
    summary: 'Puts what a video shows before plain green, for a chroma key.',
    takes: { video: film },
    needs: [['video']],
    routes: {
      replicate: {
        model:
          'nateraw/video-background-remover:ac5c138171b04413a69222c304f67c135e259d46089fc70ef12da685b3c604aa',
        body: (params) => given({ video: params.video?.url }),
        outputs: video,
        price: providerPrice('input second', 10_000),
      },
    },
    fallbacks: [],
  },
  'luma/reframe-video': {
    operation: 'reframe',
    makes: 'video',
    summary: 'Gives a video another shape and paints what is missing.',
    takes: {
      video: { ...film, durationSecondsMax: SHORT_FILM_SECONDS },
      prompt: { kind: 'text', lengthMax: 5_000 },
      aspectRatio: {
        kind: 'choice',
        of: ['1:1', '3:4', '4:3', '9:16', '16:9', '9:21', '21:9'],
        default: '9:16',
      },
    },
    needs: [['video'], ['aspectRatio']],
    routes: {
      replicate: {
        model: 'luma/reframe-video',
        body: (params) =>
          given({
            video_url: params.video?.url,
            prompt: params.prompt,
            aspect_ratio: params.aspectRatio,
          }),
        outputs: video,
        price: providerPrice('output second', 60_000),
      },
      fal: {
        model: 'fal-ai/luma-dream-machine/ray-2/reframe',
        body: (params) =>
          given({
            video_url: params.video?.url,
            prompt: params.prompt,
            aspect_ratio: params.aspectRatio,
          }),
        outputs: video,
        price: providerPrice('output second', 200_000),
      },
    },
    fallbacks: [],
  },
  'sync/lipsync-2': {
    operation: 'lipSync',
    makes: 'video',
    summary: 'Moves the lips of a video to another voice.',
    takes: {
      video: film,
      audio: { ...film, media: ['audio'] },
      syncMode: {
        kind: 'choice',
        of: ['loop', 'bounce', 'cut_off', 'silence', 'remap'],
        default: 'loop',
      },
    },
    needs: [['video'], ['audio']],
    routes: {
      replicate: {
        model: 'sync/lipsync-2',
        body: (params) =>
          given({ video: params.video?.url, audio: params.audio?.url, ...ownParams(params) }),
        outputs: video,
        price: providerPrice('output second', 50_000),
      },
      fal: {
        model: 'fal-ai/sync-lipsync/v2',
        body: (params) =>
          given({
            video_url: params.video?.url,
            audio_url: params.audio?.url,
            ...ownParams(params),
          }),
        outputs: video,
        price: providerPrice('output second', 50_000),
      },
    },
    fallbacks: [],
  },
} as const satisfies Readonly<Record<string, ModelFacts>>
