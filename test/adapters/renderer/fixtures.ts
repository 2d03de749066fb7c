import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll } from 'vitest'

import type { RenderSpec } from '../../../src/domain/render-spec.ts'

const run = promisify(execFile)

export const FFMPEG = 'ffmpeg'

/** Small, so that a test draws in milliseconds; the templates scale with the short side. */
export const smallSpec: RenderSpec = {
  widthPx: 320,
  heightPx: 180,
  template: 'spectrum-bars',
  frameRate: 30,
  hdr: false,
  title: 'A title',
  artist: 'An artist',
  accentColor: '#ff5c7a',
  crf: 18,
}

export const decodeOptions = () => ({
  ffmpegPath: FFMPEG,
  signal: new AbortController().signal,
  timeoutMs: 60_000,
})

/** A folder that lives as long as the test file. */
export const temporaryFolder = (): { path: (name: string) => string } => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spool-renderer-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return { path: (name) => join(folder, name) }
}

export const ffmpeg = (...args: string[]) =>
  run(FFMPEG, ['-nostdin', '-hide_banner', '-y', ...args], {
    encoding: 'buffer',
    maxBuffer: 100_000_000,
  })

/** Sound from ffmpeg's own sources, such as `sine=f=1000:d=2`. */
export const makeSound = async (source: string, path: string): Promise<string> => {
  await ffmpeg('-f', 'lavfi', '-i', source, '-ar', '44100', path)
  return path
}

export interface ProbedStream {
  readonly codec_type: string
  readonly [field: string]: unknown
}

export const probe = async (path: string): Promise<ProbedStream[]> => {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', path],
  ])
  return (JSON.parse(stdout) as { streams: ProbedStream[] }).streams
}

export const tone = (hz: number, seconds: number, sampleRateHz = 44_100) => ({
  sampleRateHz,
  samples: Float32Array.from(
    { length: Math.round(seconds * sampleRateHz) },
    (_, index) => 0.5 * Math.sin((2 * Math.PI * hz * index) / sampleRateHz),
  ),
})
