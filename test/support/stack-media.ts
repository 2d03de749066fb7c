import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { toolchain } from '../../scripts/stack/toolchain.ts'

const run = promisify(execFile)

export const ffmpeg = async (...args: string[]): Promise<string> => {
  const { stderr } = await run(toolchain().ffmpegPath, ['-y', '-nostdin', ...args])
  return stderr
}

/** A stereo song with a sweep and a beat, so that there is something to see and to hear. */
export const makeSong = async (path: string, durationSeconds: number): Promise<string> => {
  const left = '0.4*sin(2*PI*(200+300*t)*t)'
  const right = '0.4*sin(2*PI*110*t)*(1+sin(2*PI*2*t))/2'
  const source = `aevalsrc='${left}|${right}':s=44100:d=${durationSeconds}`
  await ffmpeg('-f', 'lavfi', '-i', source, '-metadata', 'title=A secret title', path)
  return path
}

/** The part of ffprobe's answer that the tests look at. */
export interface Probed {
  readonly streams: readonly {
    readonly codec_type: string
    readonly codec_name: string
    readonly pix_fmt?: string
    readonly width?: number
    readonly height?: number
    readonly r_frame_rate?: string
    readonly nb_read_frames?: string
    readonly bit_rate?: string
    readonly color_primaries?: string
    readonly color_transfer?: string
    readonly color_space?: string
  }[]
  readonly format: { readonly duration?: string; readonly tags?: Record<string, string> }
}

/** Reads the file to its end and counts its frames. */
export const probeFile = async (path: string): Promise<Probed> => {
  const { stdout } = await run(toolchain().ffprobePath, [
    ...['-v', 'error', '-of', 'json', '-show_streams', '-show_format', '-count_frames'],
    path,
  ])
  return JSON.parse(stdout) as Probed
}

/** The mean loudness in dBFS; silence is -91 or less. */
export const meanVolumeDb = async (path: string): Promise<number> => {
  const log = await ffmpeg('-i', path, '-map', '0:a:0', '-af', 'volumedetect', '-f', 'null', '-')
  return Number(/mean_volume: (-?[\d.]+) dB/.exec(log)?.[1] ?? Number.NaN)
}

/** Reads a manifest as a player does, to the end, and counts the frames. */
export const framesPlayed = async (url: string): Promise<number> => {
  const { stdout, stderr } = await run(toolchain().ffprobePath, [
    ...['-v', 'error', '-count_frames', '-select_streams', 'v:0'],
    ...['-show_entries', 'stream=nb_read_frames', '-of', 'json', url],
  ])
  const { streams } = JSON.parse(stdout) as { streams: { nb_read_frames?: string }[] }
  const frames = Number(streams[0]?.nb_read_frames)
  if (Number.isNaN(frames)) throw new Error(`${url} does not play: ${stdout} ${stderr}`)
  return frames
}
