import { join } from 'node:path'

import {
  planLayers,
  type LayerPlan,
  type PlannedLayer,
} from '../../../domain/generation/compose/layer-plan.ts'
import type { Layer, LayerParams } from '../../../domain/generation/job-params.ts'
import { MediaError } from '../../../domain/failures.ts'
import { audioStreams, type MediaStream } from '../../../domain/media-probe.ts'
import { fitPicture } from '../../../domain/picture-size.ts'
import { framesPerSecond } from '../../../domain/rational-rate.ts'
import { knownSeconds } from '../conversion.ts'
import { probe } from '../probe.ts'
import { runFfmpeg } from '../process.ts'
import { safeInput } from '../safe-input.ts'
import { readClip, soundOf, type Clip } from './clip-facts.ts'
import { programsOf, type ComposeTools, type LocalMedium, type MadeMedium } from './compose-job.ts'
import {
  filmEncoderArguments,
  filmFilters,
  mayBeTransparent,
  rateText,
  SOUND_RATE_HZ,
} from './film-encoder.ts'
import { joinClips, type Sound } from './join-clips.ts'
import { mixTracks } from './mix-tracks.ts'
import { sampleAt, takeSounds, toSoundShape, type SoundWish } from './take-sounds.ts'
import type { SoundPiece } from './mix-sound.ts'

/** A layer as it was probed. */
interface Laid {
  readonly layer: Layer<LocalMedium>
  /** Null: it is only heard. */
  readonly clip: Clip | null
  readonly sound: MediaStream | null
  readonly heardSeconds: number
}

/**
 * Lays pictures and films over each other, the first of them as the background, with their sounds.
 * *Guarantee:* as long, as large and at the rate of the background; layers begin and end at their times,
 * transparent pictures stay so. *Errors:* INPUT_INVALID (`params.layers…`), MEDIA_NO_VIDEO,
 * MEDIA_NO_AUDIO, MEDIA_UNREADABLE.
 */
export const layerMedia = async (
  tools: ComposeTools,
  { layers }: LayerParams<LocalMedium>,
): Promise<MadeMedium> => {
  const laid: Laid[] = []
  for (const layer of layers) laid.push(await readLayer(tools, layer))
  const plan = planLayers(
    laid.map(({ layer, clip, heardSeconds }) => ({ ...layer, facts: clip, heardSeconds })),
  )
  const picturesPath = join(tools.folder, 'layered')
  await drawLayers(tools, picturesPath, { laid, plan })
  const { canvas: size, frameRate, frames } = plan
  const path = await joinClips(tools, {
    pictures: { size, frameRate, clips: [{ path: picturesPath, frames }] },
    sound: await mixLayers(tools, { laid, plan }),
  })
  return { path, contentType: 'video/mp4', media: 'video' }
}

const readLayer = async (tools: ComposeTools, layer: Layer<LocalMedium>): Promise<Laid> => {
  const { path, media } = layer.source
  if (media !== 'audio') {
    const clip = await readClip(tools, path)
    return { layer, clip, sound: clip.sound, heardSeconds: 0 }
  }
  const source = await probe({ ...programsOf(tools), path })
  const sound = soundOf(audioStreams(source))
  if (!sound) throw new MediaError('MEDIA_NO_AUDIO', 'a layer without pictures and without sound')
  return { layer, clip: null, sound, heardSeconds: knownSeconds(source, sound) ?? 0 }
}

interface Work {
  readonly laid: readonly Laid[]
  readonly plan: LayerPlan
}

const drawLayers = async (
  tools: ComposeTools,
  outputPath: string,
  { laid, plan }: Work,
): Promise<void> => {
  const seen = laid.flatMap(({ layer, clip }, index) => {
    const planned = plan.layers[index]
    return clip && planned?.box ? [{ layer, clip, planned, box: planned.box }] : []
  })
  const graph = seen.flatMap(({ layer, clip, planned, box }, index) => {
    const input = `[${index}:${clip.stream.index}]`
    if (index === 0) return [`${input}${background(clip, plan).join()}[s0]`]
    const time = `between(t,${planned.startSeconds},${planned.endSeconds})`
    return [
      `${input}${above(layer, clip, { planned, plan }).join()}[l${index}]`,
      `[s${index - 1}][l${index}]overlay=x=${box.x}:y=${box.y}:format=yuv420:` +
        `eof_action=${clip.seconds === null ? 'repeat' : 'pass'}:enable='${time}'[s${index}]`,
    ]
  })
  const seconds = plan.frames / framesPerSecond(plan.frameRate)
  await runFfmpeg({
    ...programsOf(tools),
    args: [
      ...seen.flatMap(({ clip }) => safeInput({ path: clip.path })),
      ...['-filter_complex', `${graph.join(';')};[s${seen.length - 1}]format=yuv420p[v]`],
      ...['-map', '[v]', ...filmEncoderArguments(plan.frameRate), '-map_metadata', '-1'],
      ...['-f', 'mp4', `file:${outputPath}`],
    ],
    ...(tools.onProgress
      ? { onProgress: (done: number) => tools.onProgress?.(Math.min(1, done / seconds)) }
      : {}),
  })
}

/** What a film may end short of what it says of itself. */
const SHORT_FRAMES_MAX = 2

const background = (clip: Clip, { canvas, frameRate, frames }: LayerPlan): string[] => {
  const rate = rateText(frameRate)
  const fitted = filmFilters(clip.stream, clip.size, { canvas, fit: 'cover' })
  return clip.seconds === null
    ? [...fitted, `loop=loop=${frames - 1}:size=1`, `setpts=N/(${rate}*TB)`, `fps=${rate}`]
    : [
        `fps=fps=${rate}:start_time=0:round=near`,
        ...fitted,
        `tpad=stop=${SHORT_FRAMES_MAX}:stop_mode=clone`,
        `trim=end_frame=${frames}`,
      ]
}

/** A still is one picture, which `overlay` repeats. */
const above = (
  { opacity, chromaKey }: Layer<LocalMedium>,
  clip: Clip,
  { planned, plan }: { readonly planned: PlannedLayer; readonly plan: LayerPlan },
): string[] => {
  const canvas = planned.box ?? plan.canvas
  return [
    ...(clip.seconds === null ? [] : [`fps=fps=${rateText(plan.frameRate)}:start_time=0`]),
    ...(mayBeTransparent(clip.stream)
      ? transparent(clip, canvas)
      : [...filmFilters(clip.stream, clip.size, { canvas, fit: 'cover' }), 'format=yuva420p']),
    ...(chromaKey === null ? [] : [keyOut(chromaKey)]),
    ...(opacity < 1 ? [`lutyuv=a=val*${opacity}`] : []),
    ...(clip.seconds === null ? [] : [`setpts=PTS+${planned.startSeconds}/TB`]),
  ]
}

const transparent = (
  clip: Clip,
  canvas: { readonly widthPx: number; readonly heightPx: number },
): string[] => {
  const { widthPx, heightPx } = canvas
  const { picture } = fitPicture(clip.size, { widthPx, heightPx, fit: 'cover' }, { even: true })
  return [
    'format=rgba',
    `scale=${picture.widthPx}:${picture.heightPx}:flags=bicubic`,
    'scale=out_color_matrix=bt709:out_range=tv',
    'format=yuva420p',
    ...[`crop=${widthPx}:${heightPx}`, 'setsar=1'],
  ]
}

const COLOUR = /^#[0-9a-f]{6}/i

const keyOut = ({ color, similarity, blend }: NonNullable<Layer['chromaKey']>): string => {
  if (!COLOUR.test(color)) {
    const message = `is ${JSON.stringify(color)}`
    throw new MediaError('INPUT_INVALID', `a key colour ${message}`, {
      problems: [{ path: 'params.layers', message, fix: 'send a colour as #rrggbb' }],
    })
  }
  const within = (value: number, least: number) => Math.max(least, Math.min(1, value))
  return `chromakey=color=0x${color.slice(1, 7)}:similarity=${within(similarity, 0.01)}:blend=${within(blend, 0)}`
}

const mixLayers = async (tools: ComposeTools, { laid, plan }: Work): Promise<Sound> => {
  const wishes: SoundWish[] = []
  const pieces: SoundPiece[] = []
  for (const [index, { layer, sound }] of laid.entries()) {
    const planned = plan.layers[index]
    if (!planned || !sound || layer.volume <= 0) continue
    const path = join(tools.folder, `layer-${index}.f32`)
    const seconds = planned.endSeconds - planned.startSeconds
    wishes.push({
      inputPath: layer.source.path,
      stream: String(sound.index),
      filters: [...toSoundShape(), `atrim=end=${seconds.toFixed(6)}`],
      outputPath: path,
    })
    pieces.push({
      path,
      startSample: Math.round(planned.startSeconds * SOUND_RATE_HZ),
      samplesMax: Math.round(seconds * SOUND_RATE_HZ),
      volume: layer.volume,
    })
  }
  await takeSounds(tools, wishes)
  return mixTracks(tools, {
    pieces,
    samples: sampleAt(plan.frames, plan.frameRate),
    loudnessLufs: null,
  })
}
