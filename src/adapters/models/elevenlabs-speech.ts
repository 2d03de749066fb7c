import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { wordsOfCharacters } from '../../domain/spoken-words.ts'
import type { ModelAnswer, ModelCall } from './model-provider.ts'
import type { ProviderExchange } from './provider-exchange.ts'

/** An hour of MP3 at 128 kbit/s, as base64. */
const ANSWER_BYTES_MAX = 96 << 20

const OUTPUT_FORMAT = 'mp3_44100_128'

/** By the first word of the output format. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
}

const voice = z.object({
  voice_id: z.string().min(1),
  output_format: z
    .string()
    .regex(/^(?:mp3|opus|wav)_[\w]+$/)
    .default(OUTPUT_FORMAT),
})

const spokenShape = z.object({
  audio_base64: z.base64().min(1),
  /** Of the text as it was given; the `normalized` one spells numbers out. */
  alignment: z
    .object({
      characters: z.array(z.string()),
      character_start_times_seconds: z.array(z.number()),
      character_end_times_seconds: z.array(z.number()),
    })
    .nullish(),
})

/** Speech with the times of its words. *Body:* `voice_id` and `output_format` go into the address, all else
 * is sent as it is. *Errors:* those of `ModelProvider.submit`. */
export const speak = async (
  exchange: ProviderExchange,
  call: ModelCall,
  spoken: {
    readonly path: string
    readonly timeoutMs: number
    readonly signal?: AbortSignal | undefined
  },
): Promise<ModelAnswer> => {
  const { voice_id: _id, output_format: _format, ...body } = call.body
  const asked = voice.safeParse(call.body)
  if (!asked.success) {
    throw new MediaError('PROVIDER_REJECTED', 'elevenlabs: a voice or a format that cannot be')
  }
  const { voice_id: voiceId, output_format: format } = asked.data
  const answer = await exchange.order({
    method: 'POST',
    path: `/v1/text-to-speech/${encodeURIComponent(voiceId)}/with-timestamps?output_format=${format}`,
    json: { ...body, model_id: call.model },
    signal: spoken.signal,
    timeoutMs: spoken.timeoutMs,
    answerBytesMax: ANSWER_BYTES_MAX,
  })
  const { audio_base64: audio, alignment } = exchange.product(answer, spokenShape)
  const kind = format.split('_')[0] ?? ''
  const path = `${spoken.path}.${kind}`
  await writeFile(path, Buffer.from(audio, 'base64'))
  const words =
    alignment == null
      ? []
      : wordsOfCharacters({
          characters: alignment.characters,
          startsSeconds: alignment.character_start_times_seconds,
          endsSeconds: alignment.character_end_times_seconds,
        })
  return {
    file: { path, contentType: CONTENT_TYPES[kind] ?? 'audio/mpeg' },
    ...(words.length > 0 ? { words } : {}),
  }
}
