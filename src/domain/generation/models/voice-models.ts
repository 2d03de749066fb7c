import { ownPrice, providerPrice } from '../prices.ts'
import { fileOutput, noJsonOutput } from './answers.ts'
import type { ModelFacts } from './model-facts.ts'
import { given, ownParams } from './request-body.ts'

const audio = fileOutput('audio')

const share = { kind: 'number', min: 0, max: 1, whole: false, default: null } as const
const voice = { kind: 'text', lengthMax: 100 } as const
const language = { kind: 'text', lengthMax: 35 } as const

/** A voice that every account of ElevenLabs has. */
const ELEVENLABS_VOICE = '21m00Tcm4TlvDq8ikWAM'

/** Replicate runs ElevenLabs' voices by their names. */
const VOICE_NAMES: Readonly<Record<string, string>> = {
  '21m00Tcm4TlvDq8ikWAM': 'Rachel',
  pNInz6obpgDQGcFmaJgB: 'Adam',
  TxGEqnHWrfWFTfGW9XjX: 'Josh',
  EXAVITQu4vr4xnSDxMaL: 'Bella',
}

export const VOICE_MODELS = {
  'elevenlabs/turbo-v2.5': {
    operation: 'generateAudio',
    makes: 'audio',
    summary: 'Speech in 32 languages, with the times of its words at ElevenLabs.',
    takes: {
      text: { kind: 'text', lengthMax: 40_000 },
      voice,
      language,
      stability: share,
      similarityBoost: share,
      style: share,
      speed: { kind: 'number', min: 0.7, max: 1.2, whole: false, default: null },
      previousText: { kind: 'text', lengthMax: 5_000 },
      nextText: { kind: 'text', lengthMax: 5_000 },
      seed: { kind: 'number', min: 0, max: 4_294_967_295, whole: true, default: null },
    },
    needs: [['text']],
    routes: {
      elevenlabs: {
        model: 'eleven_turbo_v2_5',
        body: (params) => {
          const { previous_text, next_text, ...settings } = ownParams(params)
          return given({
            voice_id: params.voice ?? ELEVENLABS_VOICE,
            text: params.text,
            language_code: params.language,
            seed: params.seed,
            previous_text,
            next_text,
            voice_settings: Object.keys(settings).length > 0 ? settings : undefined,
          })
        },
        outputs: noJsonOutput,
        price: providerPrice('1000 characters', 50_000),
      },
      replicate: {
        model: 'elevenlabs/turbo-v2.5',
        body: (params) =>
          given({
            prompt: params.text,
            voice: VOICE_NAMES[params.voice ?? ELEVENLABS_VOICE] ?? params.voice,
            language_code: params.language,
            ...ownParams(params),
          }),
        outputs: audio,
        price: providerPrice('1000 characters', 50_000),
      },
    },
    fallbacks: [{ model: 'openai/gpt-4o-mini-tts', provider: 'openai' }],
  },
  'elevenlabs/dubbing': {
    operation: 'generateAudio',
    makes: 'audio',
    summary: 'A recording spoken again in another language, by the same voices.',
    takes: {
      audio: { kind: 'file', media: ['audio'], durationSecondsMax: 2_700 },
      video: { kind: 'file', media: ['video'], durationSecondsMax: 2_700 },
      language,
    },
    needs: [['audio', 'video'], ['language']],
    routes: {
      elevenlabs: {
        model: 'dubbing',
        body: (params) =>
          given({
            source_url: params.audio?.url ?? params.video?.url,
            target_lang: params.language,
          }),
        outputs: noJsonOutput,
        price: providerPrice('input second', 8_400),
      },
    },
    fallbacks: [],
  },
  'openai/gpt-4o-mini-tts': {
    operation: 'generateAudio',
    makes: 'audio',
    summary: 'Speech that can be told how to sound.',
    takes: {
      text: { kind: 'text', lengthMax: 4_096 },
      voice: {
        kind: 'choice',
        of: [
          ...(['alloy', 'ash', 'ballad', 'coral', 'echo', 'fable'] as const),
          ...(['nova', 'onyx', 'sage', 'shimmer', 'verse'] as const),
        ],
        default: 'alloy',
      },
      instructions: { kind: 'text', lengthMax: 4_096 },
      speed: { kind: 'number', min: 0.25, max: 4, whole: false, default: 1 },
    },
    needs: [['text']],
    routes: {
      openai: {
        model: 'gpt-4o-mini-tts',
        body: (params) =>
          given({
            input: params.text,
            voice: params.voice ?? 'alloy',
            response_format: 'mp3',
            ...ownParams(params),
          }),
        outputs: noJsonOutput,
        // Published by the token; a minute of speech is about 1.5 cents.
        price: providerPrice('output second', 250),
      },
    },
    fallbacks: [],
  },
  'local/espeak': {
    operation: 'generateAudio',
    makes: 'audio',
    summary:
      'Robotic speech, with voices as espeak-ng names them (`en-gb`, `de+f3`). Needs no key: for drafts and tests.',
    takes: {
      text: { kind: 'text', lengthMax: 20_000 },
      voice,
      language,
      speed: { kind: 'number', min: 0.5, max: 2, whole: false, default: 1 },
    },
    needs: [['text']],
    routes: {
      local: {
        model: 'local/espeak',
        body: (params) =>
          given({
            text: params.text,
            voice: params.voice,
            language: params.language,
            ...ownParams(params),
          }),
        outputs: noJsonOutput,
        price: ownPrice('audio'),
      },
    },
    fallbacks: [],
  },
} as const satisfies Readonly<Record<string, ModelFacts>>
