import { join } from 'node:path'

import { z } from 'zod'

import { MediaError } from '../../domain/failures.ts'
import type { FrameSize } from '../../domain/frame-size.ts'
import { drawCard } from './local-card.ts'
import { makePanZoom } from './local-pan-zoom.ts'
import { speak, type VoiceTools } from './local-voice.ts'
import type { ModelAnswer, ModelCall, ModelProvider } from './model-provider.ts'

/** The sides of pictures that the engines of this machine make. */
const SIDE_PX = { min: 64, max: 4096 } as const
/** The shorter side, where only a shape is asked for. */
const SHORT_SIDE_PX = 1080
const RATIO_MAX = 4

const side = z.number().int().min(SIDE_PX.min).max(SIDE_PX.max)
const size = {
  widthPx: side.optional(),
  heightPx: side.optional(),
  aspectRatio: z
    .string()
    .regex(/^[1-9]\d{0,3}:[1-9]\d{0,3}$/)
    .optional(),
}

const cardBody = z.object({
  prompt: z.string().min(1),
  seed: z.number().int().optional(),
  ...size,
})
const panZoomBody = z.object({
  /** A path on this machine. */
  image: z.string().min(1),
  durationSeconds: z.number().positive().max(600).default(5),
  frameRate: z.number().min(1).max(60).default(30),
  seed: z.number().int().min(0).default(0),
  ...size,
})
const voiceBody = z.object({
  text: z.string().min(1),
  voice: z.string().optional(),
  language: z.string().optional(),
  speed: z.number().min(0.5).max(2).default(1),
})

/** The programs that the engines run. */
export interface LocalPrograms {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** Null: FFmpeg's own voice speaks instead, in English. */
  readonly espeakPath: string | null
  readonly timeoutMs: number
}

/** Engines of this machine that need no key: every call is answered at once, with a file. */
export const createLocalModels = (programs: LocalPrograms): ModelProvider => ({
  name: 'local',
  submit: async (call, { folder, signal }) => ({
    status: 'completed',
    answer: await answerTo(call, { ...programs, folder, ...(signal ? { signal } : {}) }),
  }),
  // Nothing is ever accepted for later: there is nothing to ask for, to find or to stop.
  inspect: (handle) => Promise.resolve(unknownJob(handle.id)),
  cancel: () => Promise.resolve(),
  find: () => Promise.resolve(null),
})

const unknownJob = (id: string) =>
  ({
    status: 'failed',
    detail: `no job ${id}: engines here answer at once`,
    isRejected: false,
  }) as const

const answerTo = (call: ModelCall, tools: VoiceTools): Promise<ModelAnswer> => {
  switch (call.model) {
    case 'local/card':
      return makeCard(readBody(cardBody, call), tools)
    case 'local/pan-zoom':
      return makeFilm(readBody(panZoomBody, call), tools)
    case 'local/espeak':
      return makeVoice(readBody(voiceBody, call), tools)
    default:
      throw new MediaError('PROVIDER_REJECTED', `there is no engine ${call.model}`)
  }
}

/** *Errors:* PROVIDER_REJECTED, as any provider answers to what it does not take. */
const readBody = <Shape extends z.ZodType>(shape: Shape, call: ModelCall): z.infer<Shape> => {
  const read = shape.safeParse(call.body)
  if (read.success) return read.data
  throw new MediaError('PROVIDER_REJECTED', `${call.model}: ${z.prettifyError(read.error)}`)
}

const makeCard = async (
  body: z.infer<typeof cardBody>,
  { folder }: VoiceTools,
): Promise<ModelAnswer> => {
  const path = join(folder, 'card')
  const seed = body.seed ?? hashOf(body.prompt)
  await drawCard(path, { prompt: body.prompt, seed, size: sizeOf(body, '1:1') })
  return { file: { path, contentType: 'image/jpeg' } }
}

const makeFilm = async (
  { image, durationSeconds, frameRate, seed, ...wish }: z.infer<typeof panZoomBody>,
  tools: VoiceTools,
): Promise<ModelAnswer> => {
  const path = join(tools.folder, 'film')
  const { widthPx, heightPx, aspectRatio } = wish
  const isOwnShape = (widthPx ?? heightPx ?? aspectRatio) === undefined
  await makePanZoom(tools, path, {
    ...{ imagePath: image, durationSeconds, frameRate, seed },
    size: isOwnShape ? null : sizeOf(wish, '16:9'),
  })
  return { file: { path, contentType: 'video/mp4' } }
}

const makeVoice = async (
  { text, voice, language, speed }: z.infer<typeof voiceBody>,
  tools: VoiceTools,
): Promise<ModelAnswer> => {
  const path = join(tools.folder, 'voice.wav')
  const words = await speak(tools, path, {
    ...{ text, speed },
    voice: voice ?? null,
    language: language ?? null,
  })
  return { file: { path, contentType: 'audio/wav' }, words }
}

/** Even sides, as videos need them. */
const sizeOf = (
  wish: Pick<z.infer<typeof cardBody>, 'widthPx' | 'heightPx' | 'aspectRatio'>,
  usualRatio: string,
): FrameSize => {
  const [across = 1, down = 1] = (wish.aspectRatio ?? usualRatio).split(':').map(Number)
  const ratio = Math.min(RATIO_MAX, Math.max(1 / RATIO_MAX, across / down))
  const even = (sidePx: number): number =>
    Math.min(SIDE_PX.max, Math.max(SIDE_PX.min, Math.round(sidePx / 2) * 2))
  const { widthPx, heightPx } = wish
  if (widthPx !== undefined && heightPx !== undefined)
    return { widthPx: even(widthPx), heightPx: even(heightPx) }
  if (widthPx !== undefined) return { widthPx: even(widthPx), heightPx: even(widthPx / ratio) }
  if (heightPx !== undefined) return { widthPx: even(heightPx * ratio), heightPx: even(heightPx) }
  return ratio >= 1
    ? { widthPx: even(SHORT_SIDE_PX * ratio), heightPx: SHORT_SIDE_PX }
    : { widthPx: SHORT_SIDE_PX, heightPx: even(SHORT_SIDE_PX / ratio) }
}

/** FNV-1a: the same prompt has the same colours everywhere. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}
