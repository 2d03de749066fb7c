/** Looks into media that were made: what ffprobe says of them, and what is to be seen. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { spawnGuarded } from '../../src/adapters/ffmpeg/process.ts'
import { makeMedia } from './media-corpus.ts'

const run = promisify(execFile)

export const PROGRAMS = { ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000 } as const

/** The first video (`v`) or audio (`a`) stream as ffprobe describes it, frames counted by decoding. */
export const describeStream = async (
  path: string,
  stream: 'v' | 'a',
): Promise<Record<string, unknown>> => {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', `${stream}:0`, '-count_frames', '-show_streams'],
    ...['-of', 'json', path],
  ])
  const { streams } = JSON.parse(stdout) as { streams: Record<string, unknown>[] }
  return streams[0] ?? {}
}

/** Frame `n` is a plain grey of the luma 16 + 2n: a picture tells which frame it is. */
export const makeCountedFilm = (
  folder: string,
  name: string,
  options: { frames: number; frameRate: number; encode?: readonly string[] },
): Promise<string> =>
  makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `color=black:s=64x64:r=${options.frameRate}`],
    ...['-vf', `geq=lum='16+2*N':cb=128:cr=128`, '-frames:v', String(options.frames)],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '4', '-pix_fmt', 'yuv420p'],
    ...['-g', '12', ...(options.encode ?? [])],
    name,
  )

const rawFrames = async (path: string, filters: string, format: string): Promise<Buffer> => {
  const chunks: Buffer[] = []
  const { stdout, ended } = spawnGuarded({
    file: 'ffmpeg',
    args: [
      ...['-v', 'error', '-nostdin', '-i', path, '-vf', filters, '-fps_mode', 'passthrough'],
      ...['-f', 'rawvideo', '-pix_fmt', format, 'pipe:1'],
    ],
    stdout: 'pipe',
    timeoutMs: 60_000,
  })
  for await (const chunk of stdout!) chunks.push(chunk as Buffer)
  await ended
  return Buffer.concat(chunks)
}

/** The numbers of the frames of a counted film that a video or picture made of it shows. */
export const countedFrames = async (path: string): Promise<number[]> => {
  const lumas = await rawFrames(
    path,
    'scale=1:1:flags=area:out_range=tv:out_color_matrix=bt601,format=yuv420p,extractplanes=y',
    'gray',
  )
  return [...lumas].map((luma) => Math.round((luma - 16) / 2))
}

/** A picture (or the first frame) as red, green and blue of a grid of cells, row by row. */
export const colourGrid = async (
  path: string,
  columns: number,
  rows: number,
): Promise<number[][]> => {
  // Colours first: shrunk to a single pixel FFmpeg 5.1 takes every video for BT.601.
  const filters = `format=rgb24,scale=${columns}:${rows}:flags=area`
  const bytes = await rawFrames(path, filters, 'rgb24')
  return Array.from({ length: columns * rows }, (_, index) => [
    ...bytes.subarray(index * 3, index * 3 + 3),
  ])
}
