import { ownPrice, providerPrice } from '../prices.ts'
import { fileOutput, noJsonOutput } from './answers.ts'
import type { ModelFacts, ReadyParams } from './model-facts.ts'
import { given, imageUrls, ownParams } from './request-body.ts'

const image = fileOutput('image')

/** Of Gemini's image models. */
const GEMINI_RATIOS = [
  ...(['21:9', '16:9', '3:2', '4:3', '5:4'] as const),
  ...(['1:1', '4:5', '3:4', '2:3', '9:16'] as const),
] as const

const imageFormat = { kind: 'choice', of: ['jpg', 'png'], default: 'png' } as const
const prompt = { kind: 'text', lengthMax: 20_000 } as const

const replicateGemini = (params: ReadyParams) =>
  given({
    prompt: params.prompt,
    image_input: imageUrls(params),
    aspect_ratio: params.aspectRatio,
    output_format: 'png',
    ...ownParams(params),
  })

const falGemini = (params: ReadyParams) => {
  const urls = imageUrls(params)
  const { output_format: format = 'png', ...own } = ownParams(params)
  return given({
    prompt: params.prompt,
    image_urls: urls.length > 0 ? urls : undefined,
    aspect_ratio: params.aspectRatio,
    num_images: 1,
    output_format: format === 'jpg' ? 'jpeg' : format,
    ...own,
  })
}

/** fal edits images at an address of its own. */
const falModel = (name: string) => (params: ReadyParams) =>
  imageUrls(params).length > 0 ? `${name}/edit` : name

/** GPT images come in three shapes. */
const GPT_SIZES: Readonly<Record<string, string>> = {
  '1:1': '1024x1024',
  '3:2': '1536x1024',
  '2:3': '1024x1536',
}

/** Of a card without any size: the square that every format can be cut from. */
const CARD_SIDE_PX = { min: 64, max: 3840 } as const

export const IMAGE_MODELS = {
  'google/nano-banana': {
    operation: 'generateImage',
    makes: 'image',
    summary: 'Quick images from a text, and edits of up to ten images by a text.',
    takes: {
      prompt,
      image: { kind: 'file', media: ['image'] },
      furtherImages: { kind: 'files', countMax: 9 },
      aspectRatio: { kind: 'choice', of: GEMINI_RATIOS, default: null },
      outputFormat: imageFormat,
    },
    needs: [['prompt']],
    routes: {
      replicate: {
        model: 'google/nano-banana',
        body: replicateGemini,
        outputs: image,
        price: providerPrice('image', 39_000),
      },
      fal: {
        model: 'fal-ai/nano-banana',
        modelFor: falModel('fal-ai/nano-banana'),
        body: falGemini,
        outputs: image,
        price: providerPrice('image', 39_800),
      },
    },
    fallbacks: [{ model: 'bytedance/seedream-4', provider: 'replicate' }],
  },
  'google/nano-banana-pro': {
    operation: 'generateImage',
    makes: 'image',
    summary: 'Images up to 4K with legible text, and edits of up to fourteen images.',
    takes: {
      prompt,
      image: { kind: 'file', media: ['image'] },
      furtherImages: { kind: 'files', countMax: 13 },
      aspectRatio: { kind: 'choice', of: GEMINI_RATIOS, default: null },
      resolution: { kind: 'choice', of: ['1K', '2K', '4K'], default: '2K' },
      outputFormat: imageFormat,
    },
    needs: [['prompt']],
    routes: {
      replicate: {
        model: 'google/nano-banana-pro',
        body: replicateGemini,
        outputs: image,
        price: providerPrice('image', 150_000, {
          param: 'resolution',
          microUsd: { '1K': 150_000, '2K': 150_000, '4K': 300_000 },
        }),
      },
      fal: {
        model: 'fal-ai/nano-banana-pro',
        modelFor: falModel('fal-ai/nano-banana-pro'),
        body: falGemini,
        outputs: image,
        price: providerPrice('image', 150_000, {
          param: 'resolution',
          microUsd: { '1K': 150_000, '2K': 150_000, '4K': 300_000 },
        }),
      },
    },
    fallbacks: [{ model: 'google/nano-banana', provider: 'replicate' }],
  },
  'bytedance/seedream-4': {
    operation: 'generateImage',
    makes: 'image',
    summary: 'Images up to 4096 pixels a side, from a text or from up to ten images.',
    takes: {
      prompt,
      image: { kind: 'file', media: ['image'] },
      furtherImages: { kind: 'files', countMax: 9 },
      aspectRatio: {
        kind: 'choice',
        of: ['match_input_image', '1:1', '4:3', '3:4', '16:9', '9:16', '3:2', '2:3', '21:9'],
        default: null,
      },
      width: { kind: 'number', min: 1024, max: 4096, whole: true, default: null },
      height: { kind: 'number', min: 1024, max: 4096, whole: true, default: null },
      size: { kind: 'choice', of: ['1K', '2K', '4K', 'custom'], default: '2K' },
      enhancePrompt: { kind: 'flag' },
    },
    needs: [['prompt']],
    routes: {
      replicate: {
        model: 'bytedance/seedream-4',
        body: (params) => {
          const isCustom = params.widthPx !== undefined && params.heightPx !== undefined
          return given({
            prompt: params.prompt,
            image_input: imageUrls(params),
            aspect_ratio: isCustom ? undefined : params.aspectRatio,
            width: isCustom ? params.widthPx : undefined,
            height: isCustom ? params.heightPx : undefined,
            max_images: 1,
            ...ownParams(params),
            ...(isCustom ? { size: 'custom' } : {}),
          })
        },
        outputs: image,
        price: providerPrice('image', 30_000),
      },
    },
    fallbacks: [{ model: 'google/nano-banana', provider: 'replicate' }],
  },
  'openai/gpt-image-1': {
    operation: 'generateImage',
    makes: 'image',
    summary: 'Images that follow long instructions, in three shapes.',
    takes: {
      prompt: { kind: 'text', lengthMax: 32_000 },
      aspectRatio: { kind: 'choice', of: ['1:1', '3:2', '2:3'], default: '1:1' },
      quality: { kind: 'choice', of: ['low', 'medium', 'high'], default: 'medium' },
      background: { kind: 'choice', of: ['transparent', 'opaque', 'auto'], default: 'auto' },
    },
    needs: [['prompt']],
    routes: {
      openai: {
        model: 'gpt-image-1',
        body: (params) =>
          given({
            prompt: params.prompt,
            n: 1,
            size: GPT_SIZES[params.aspectRatio ?? '1:1'],
            quality: 'medium',
            ...ownParams(params),
          }),
        outputs: noJsonOutput,
        // Of the larger shapes; the square is a third cheaper.
        price: providerPrice('image', 63_000, {
          param: 'quality',
          microUsd: { low: 16_000, medium: 63_000, high: 250_000 },
        }),
      },
    },
    fallbacks: [{ model: 'google/nano-banana', provider: 'replicate' }],
  },
  'local/card': {
    operation: 'generateImage',
    makes: 'image',
    summary: 'The text, typeset on a gradient. Needs no key: for drafts, titles and tests.',
    takes: {
      prompt: { kind: 'text', lengthMax: 2_000 },
      aspectRatio: {
        kind: 'choice',
        of: ['16:9', '9:16', '1:1', '4:5', '4:3', '3:4', '21:9'],
        default: '16:9',
      },
      width: { kind: 'number', ...CARD_SIDE_PX, whole: true, default: null },
      height: { kind: 'number', ...CARD_SIDE_PX, whole: true, default: null },
      seed: { kind: 'number', min: 0, max: 2_147_483_647, whole: true, default: null },
    },
    needs: [['prompt']],
    routes: {
      local: {
        model: 'local/card',
        body: ({ prompt: text, aspectRatio, widthPx, heightPx, seed }) =>
          given({ prompt: text, aspectRatio, widthPx, heightPx, seed }),
        outputs: noJsonOutput,
        price: ownPrice('image'),
      },
    },
    fallbacks: [],
  },
} as const satisfies Readonly<Record<string, ModelFacts>>
