import { ownPrice, providerPrice } from '../prices.ts'
import {
  chatOutput,
  chunksOutput,
  ownTranscriptOutput,
  scribeOutput,
  whisperOutput,
} from './answers.ts'
import type { ModelFacts, ReadyParams } from './model-facts.ts'
import { given } from './request-body.ts'

/** Longer recordings take hours, and fail for less. */
const speech = { kind: 'file', media: ['audio', 'video'], durationSecondsMax: 7_200 } as const
const recording = { audio: speech, video: { ...speech, media: ['video'] } } as const
const language = { kind: 'text', lengthMax: 35 } as const

const recordingUrl = ({ audio, video }: ReadyParams) => audio?.url ?? video?.url

/** What is left of a text model's window for its answer; the price of a call rests on it. */
const TEXT_TOKENS_MAX = 4_096

export const WORD_MODELS = {
  'openai/whisper': {
    operation: 'transcribe',
    makes: 'transcript',
    summary: 'Transcripts by the sentence; the times of words are shared out.',
    takes: { ...recording, language },
    needs: [['audio', 'video']],
    routes: {
      replicate: {
        model: 'openai/whisper:8099696689d249cf8b122d833c36ac3f75505c666a395ca40ef26f68e7d3d16e',
        body: (params) =>
          given({
            audio: recordingUrl(params),
            language: params.language ?? 'auto',
            transcription: 'plain text',
          }),
        outputs: whisperOutput,
        // Published by the second of machine time; of a minute of speech, ten.
        price: providerPrice('input second', 40),
      },
    },
    fallbacks: [{ model: 'vaibhavs10/incredibly-fast-whisper', provider: 'replicate' }],
  },
  'vaibhavs10/incredibly-fast-whisper': {
    operation: 'transcribe',
    makes: 'transcript',
    summary: 'Transcripts with the time of every word, soon.',
    takes: { ...recording, language },
    needs: [['audio', 'video']],
    routes: {
      replicate: {
        model:
          'vaibhavs10/incredibly-fast-whisper:3ab86df6c8f54c11309d4d1f930ac292bad43ace52d10c80d87eb258b3c9f79c',
        body: (params) =>
          given({
            audio: recordingUrl(params),
            language: params.language ?? 'None',
            task: 'transcribe',
            timestamp: 'word',
            batch_size: 64,
          }),
        outputs: chunksOutput,
        price: providerPrice('input second', 20),
      },
    },
    fallbacks: [{ model: 'openai/whisper', provider: 'replicate' }],
  },
  'elevenlabs/scribe-v1': {
    operation: 'transcribe',
    makes: 'transcript',
    summary: 'Transcripts in 99 languages with the time of every word.',
    takes: { ...recording, language },
    needs: [['audio', 'video']],
    routes: {
      elevenlabs: {
        model: 'scribe_v1',
        body: (params) =>
          given({
            cloud_storage_url: recordingUrl(params),
            language_code: params.language,
            timestamps_granularity: 'word',
          }),
        outputs: scribeOutput,
        price: providerPrice('input second', 112),
      },
    },
    fallbacks: [{ model: 'vaibhavs10/incredibly-fast-whisper', provider: 'replicate' }],
  },
  'local/speech': {
    operation: 'transcribe',
    makes: 'transcript',
    summary: "The server's own engine for speech, where the operator has set one up.",
    takes: { ...recording, language },
    needs: [['audio', 'video']],
    routes: {
      local: {
        model: 'local/speech',
        body: (params) => given({ audio: recordingUrl(params), language: params.language }),
        outputs: ownTranscriptOutput,
        price: ownPrice('transcription'),
      },
    },
    fallbacks: [],
  },
  'local/translator': {
    operation: 'translate',
    makes: 'transcript',
    summary: "The server's own translator, where the operator has set one up.",
    takes: { transcript: { kind: 'file', media: ['transcript'] }, language },
    needs: [['transcript'], ['language']],
    routes: {
      local: {
        model: 'local/translator',
        body: (params) => given({ transcript: params.transcript?.url, language: params.language }),
        outputs: ownTranscriptOutput,
        price: ownPrice('translation'),
      },
    },
    fallbacks: [],
  },
  'openai/gpt-4.1-mini': {
    operation: 'generateText',
    makes: 'text',
    summary: 'Scripts, titles and scenes; obeys a JSON schema. Also writes for `expand`.',
    takes: {
      prompt: { kind: 'text', lengthMax: 32_000 },
      schema: { kind: 'schema' },
      temperature: { kind: 'number', min: 0, max: 2, whole: false, default: null },
      seed: { kind: 'number', min: 0, max: 2_147_483_647, whole: true, default: null },
    },
    needs: [['prompt']],
    routes: {
      openai: {
        model: 'gpt-4.1-mini',
        body: ({ prompt, schema, seed, extra }) =>
          given({
            messages: [{ role: 'user', content: prompt }],
            max_completion_tokens: TEXT_TOKENS_MAX,
            seed,
            temperature: extra?.['temperature'],
            response_format:
              schema === undefined
                ? undefined
                : { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
          }),
        outputs: chatOutput,
        // Published by the token: the longest prompt and the longest answer are about a cent.
        price: providerPrice('call', 10_000),
      },
    },
    fallbacks: [],
  },
} as const satisfies Readonly<Record<string, ModelFacts>>
