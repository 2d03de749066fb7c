import { once } from 'node:events'

import { createCanvas, type Canvas } from '@napi-rs/canvas'

import type { FrameSize } from '../../domain/frame-size.ts'
import { exactRate } from '../../domain/generation/compose/merge-plan.ts'
import { viewAt } from '../../domain/generation/compose/pan-zoom.ts'
import { framesPerSecond, type RationalRate } from '../../domain/rational-rate.ts'
import { programsOf, type ComposeTools } from '../ffmpeg/compose/compose-job.ts'
import { filmEncoderArguments, rateText } from '../ffmpeg/compose/film-encoder.ts'
import { verifyFilm } from '../ffmpeg/compose/verify-film.ts'
import { spawnFfmpeg, type FfmpegProcess } from '../ffmpeg/process.ts'
import { drawCovering, openPicture } from '../renderer/artwork.ts'
import { readPicture } from '../renderer/picture.ts'

export interface PanZoom {
  readonly imagePath: string
  readonly durationSeconds: number
  readonly frameRate: number
  /** Null: the picture's own shape, with so many pixels on its shorter side at the most. */
  readonly size: FrameSize | null
  readonly seed: number
}

const SHORT_SIDE_PX_MAX = 1080
/** Drawn once, larger than it is shown: what is seen of it is never enlarged. */
const OVERSIZE = 1.16

/**
 * Makes a film out of a picture: a slow move over it, silent, exactly as long as asked for (to the
 * frame). Frames are placed between the pixels; FFmpeg's own filter for this rounds to whole ones, and
 * trembles. *Errors:* MEDIA_UNREADABLE, those of `runFfmpeg`.
 */
export const makePanZoom = async (
  tools: ComposeTools,
  outputPath: string,
  wish: PanZoom,
): Promise<void> => {
  const signal = tools.signal ?? new AbortController().signal
  const image = await openPicture(
    await readPicture(wish.imagePath, { ...programsOf(tools), signal }),
  )
  const rate = exactRate(wish.frameRate)
  const frames = Math.max(1, Math.round(wish.durationSeconds * framesPerSecond(rate)))
  const size = wish.size ?? ownSize({ widthPx: image.width, heightPx: image.height })
  const drawn = {
    widthPx: Math.round(size.widthPx * OVERSIZE),
    heightPx: Math.round(size.heightPx * OVERSIZE),
  }
  const picture = createCanvas(drawn.widthPx, drawn.heightPx)
  drawCovering(picture.getContext('2d'), image, drawn)
  const encoder = startEncoder(tools, outputPath, { size, rate })
  await drawFrames(encoder, picture, { size, frames, seed: wish.seed, signal })
  await encoder.finished
  await verifyFilm(outputPath, { size, frames, isHeard: false })
}

const ownSize = ({ widthPx, heightPx }: FrameSize): FrameSize => {
  const scale = Math.min(1, SHORT_SIDE_PX_MAX / Math.min(widthPx, heightPx))
  const even = (sidePx: number): number => Math.max(2, Math.round((sidePx * scale) / 2) * 2)
  return { widthPx: even(widthPx), heightPx: even(heightPx) }
}

const startEncoder = (
  tools: ComposeTools,
  outputPath: string,
  { size, rate }: { readonly size: FrameSize; readonly rate: RationalRate },
): FfmpegProcess =>
  spawnFfmpeg({
    ...programsOf(tools),
    stdin: 'pipe',
    args: [
      ...['-f', 'rawvideo', '-pixel_format', 'rgba', '-framerate', rateText(rate)],
      ...['-video_size', `${size.widthPx}x${size.heightPx}`, '-i', 'pipe:0'],
      ...['-vf', 'scale=in_range=pc:out_range=tv:out_color_matrix=bt709,format=yuv420p'],
      ...[...filmEncoderArguments(rate), '-movflags', '+faststart', '-f', 'mp4'],
      `file:${outputPath}`,
    ],
  })

interface Move {
  readonly size: FrameSize
  readonly frames: number
  readonly seed: number
  readonly signal: AbortSignal
}

const drawFrames = async (
  { stdin, finished }: FfmpegProcess,
  picture: Canvas,
  { size, frames, seed, signal }: Move,
): Promise<void> => {
  if (!stdin) throw new TypeError('the encoder has no input')
  // When ffmpeg dies its pipe breaks; `finished` says why.
  stdin.on('error', () => undefined)
  const canvas = createCanvas(size.widthPx, size.heightPx)
  const ctx = canvas.getContext('2d')
  ctx.fillStyle = '#000000'
  ctx.imageSmoothingQuality = 'medium'
  for (let frame = 0; frame < frames && stdin.writable; frame += 1) {
    signal.throwIfAborted()
    const { left, top, share } = viewAt(frame, frames, seed)
    ctx.fillRect(0, 0, size.widthPx, size.heightPx)
    ctx.drawImage(
      picture,
      ...([left * picture.width, top * picture.height] as const),
      ...([share * picture.width, share * picture.height] as const),
      ...([0, 0, size.widthPx, size.heightPx] as const),
    )
    if (!stdin.write(canvas.data())) await Promise.race([once(stdin, 'drain'), finished])
  }
  stdin.end()
}
