import { open, readFile } from 'node:fs/promises'
import { transcriptFile } from '../../contracts/http/tasks/transcript-file.ts'
import { readSubtitles } from '../../domain/captions/subtitle-file.ts'
import { MediaError } from '../../domain/failures.ts'
import { MEDIA_LIMITS } from '../../domain/media-limits.ts'
import type { ConvertedMedia } from '../../domain/media-conversions.ts'
import type { ProvidedKind } from '../../domain/task-providers.ts'
import type { ActivityDependencies } from '../dependencies.ts'

interface Delivery {
  readonly filePath: string
  readonly kind: ProvidedKind
  readonly options: { readonly format?: unknown }
  readonly signal: AbortSignal
}

/** What a provider delivered, measured. *Errors:* PROVIDER_OUTPUT_INVALID for a file of another kind. */
export const judgeDelivery = async (
  deps: ActivityDependencies,
  delivery: Delivery,
): Promise<ConvertedMedia> => {
  try {
    return await described(deps, delivery)
  } catch (error) {
    delivery.signal.throwIfAborted()
    const { kind } = delivery
    throw new MediaError('PROVIDER_OUTPUT_INVALID', `a delivery that is no ${kind}`, {
      cause: error,
    })
  }
}

const UNSEEN = { widthPx: null, heightPx: null }

const described = async (
  { tools }: ActivityDependencies,
  { filePath, kind, options, signal }: Delivery,
): Promise<ConvertedMedia> => {
  switch (kind) {
    case 'transcription': {
      const { duration } = transcriptFile.parse(JSON.parse(await readFile(filePath, 'utf8')))
      return { contentType: 'application/json', durationSeconds: duration, ...UNSEEN }
    }
    case 'waveform':
      JSON.parse(await readFile(filePath, 'utf8'))
      return { contentType: 'application/json', durationSeconds: null, ...UNSEEN }
    case 'subtitles':
    case 'translation': {
      const cues = readSubtitles(await readFile(filePath, 'utf8'))
      const contentType = options.format === 'srt' ? 'application/x-subrip' : 'text/vtt'
      return { contentType, durationSeconds: cues.at(-1)?.endSeconds ?? 0, ...UNSEEN }
    }
    case 'video':
    case 'audio':
    case 'image': {
      // No demuxer of ffmpeg reads animated WebP.
      if (kind === 'video' && options.format === 'webp') return await webpAnimation(filePath)
      const needs = ({ video: 'video', audio: 'audio', image: 'pictures' } as const)[kind]
      const { durationSecondsMax } = MEDIA_LIMITS
      const job = { path: filePath, needs, durationSecondsMax, wholly: true, signal }
      const found = await tools.describeMedium(job)
      const { contentType, widthPx, heightPx } = found
      const durationSeconds = kind === 'image' ? null : found.durationSeconds
      return { contentType, durationSeconds, widthPx, heightPx }
    }
  }
}

const webpAnimation = async (filePath: string): Promise<ConvertedMedia> => {
  const file = await open(filePath)
  try {
    const { buffer } = await file.read(Buffer.alloc(12), 0, 12, 0)
    if (!/^RIFF.{4}WEBP$/s.test(buffer.toString('latin1'))) throw new TypeError('no WebP')
    return { contentType: 'image/webp', durationSeconds: null, ...UNSEEN }
  } finally {
    await file.close()
  }
}
