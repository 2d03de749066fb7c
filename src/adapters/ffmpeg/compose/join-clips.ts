import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { MediaError } from '../../../domain/failures.ts'
import type { FrameSize } from '../../../domain/frame-size.ts'
import type { Mp4Track, SoundCopy } from '../../../domain/generation/compose/copy-plan.ts'
import { frameClock, framesPerSecond, type RationalRate } from '../../../domain/rational-rate.ts'
import { runFfmpeg } from '../process.ts'
import { programsOf, type ComposeTools } from './compose-job.ts'
import { readMp4Tracks } from './mp4-tracks.ts'

/** The pictures of a film, clip by clip: MP4s of one make. */
export interface Pictures {
  readonly clips: readonly { readonly path: string; readonly frames: number }[]
  readonly frameRate: RationalRate
  readonly size: FrameSize
}

/** Where the sound comes from: one file, the packets of the clips, or nowhere. */
export type Sound = { readonly path: string } | { readonly copy: SoundCopy } | null

/**
 * Joins clips into one MP4 packet by packet, with their sound. *Guarantee:* as many frames as the clips
 * have, evenly spaced; nothing is decoded. *Errors:* ENCODER_CRASHED when that is not what came out.
 */
export const joinClips = async (
  tools: ComposeTools,
  { pictures, sound }: { readonly pictures: Pictures; readonly sound: Sound },
): Promise<string> => {
  const outputPath = join(tools.folder, 'joined-film')
  const listed = picturesList(pictures)
  await runFfmpeg({
    ...programsOf(tools),
    cwd: tools.folder,
    args: [
      // Or pictures are moved to where the skipped beginning of the sound begins.
      '-copyts',
      ...(await openList(tools, 'pictures.txt', listed)),
      ...(await openSound(tools, pictures, sound)),
      ...['-map', '0:v:0', ...(sound ? ['-map', '1:a:0'] : []), '-c', 'copy'],
      ...(sound && 'copy' in sound ? ['-bsf:a', inARow(sound.copy)] : []),
      ...['-video_track_timescale', String(frameClock(pictures.frameRate).timescale)],
      ...['-map_metadata', '-1', '-map_chapters', '-1', '-movflags', '+faststart', '-f', 'mp4'],
      `file:${outputPath}`,
    ],
  })
  await verifyJoined(outputPath, pictures, sound)
  return outputPath
}

/** The names are ours; a quote in a folder's name is written as the script wants it. */
const fileLine = (path: string): string => `file 'file:${path.replaceAll("'", String.raw`'\''`)}'`

/** Lists count in microseconds: rounded from the beginning, so that no error adds up. */
const picturesList = ({ clips, frameRate }: Pictures): string[] => {
  const microsecondsAt = (frame: number) => Math.round((frame * 1e6) / framesPerSecond(frameRate))
  let at = 0
  return clips.map(({ path, frames }) => {
    const microseconds = microsecondsAt(at + frames) - microsecondsAt(at)
    at += frames
    // Else a file begins with its sound, which in MP4 is ahead of the pictures by what is skipped.
    return `${fileLine(path)}\ninpoint 0\nduration ${(microseconds / 1e6).toFixed(6)}`
  })
}

const openList = async (
  { folder }: ComposeTools,
  name: string,
  lines: readonly string[],
): Promise<string[]> => {
  await writeFile(join(folder, name), ['ffconcat version 1.0', ...lines, ''].join('\n'))
  return [
    ...['-protocol_whitelist', 'file', '-format_whitelist', 'concat,mov'],
    ...['-f', 'concat', '-safe', '0', '-i', `file:${join(folder, name)}`],
  ]
}

const openSound = async (
  tools: ComposeTools,
  { clips }: Pictures,
  sound: Sound,
): Promise<string[]> => {
  if (sound === null) return []
  if ('path' in sound) {
    return [
      ...['-protocol_whitelist', 'file', '-format_whitelist', 'mov'],
      ...['-i', `file:${sound.path}`],
    ]
  }
  const { clipPackets, samplesPerPacket, skippedSamples, sampleRateHz } = sound.copy
  const lines = clips.map(({ path }, index) => {
    // In the middle of the first packet that is not wanted any more.
    const samples = ((clipPackets[index] ?? 0) - 0.5) * samplesPerPacket - skippedSamples
    return `${fileLine(path)}\noutpoint ${(samples / sampleRateHz).toFixed(6)}`
  })
  return openList(tools, 'sounds.txt', lines)
}

/** Packet after packet without a gap, the first of them ahead by what is skipped. */
const inARow = ({ samplesPerPacket, skippedSamples, sampleRateHz }: SoundCopy): string =>
  `setts=ts='(N*${samplesPerPacket}-${skippedSamples})/(${sampleRateHz}*TB)'`

/** What an encoder adds to a sound at its end, and a frame of pictures. */
const SOUND_SLACK_SECONDS = 0.1

const verifyJoined = async (path: string, pictures: Pictures, sound: Sound): Promise<void> => {
  const tracks = (await readMp4Tracks(path)) ?? []
  const video = tracks.find(({ kind }) => kind === 'pictures')
  const audio = tracks.find(({ kind }) => kind === 'sound')
  const { frameRate, size, clips } = pictures
  const frames = clips.reduce((sum, clip) => sum + clip.frames, 0)
  const ticksPerFrame = (video?.timescale ?? 0) / framesPerSecond(frameRate)
  const is = [video?.samples, video?.size?.widthPx, video?.size?.heightPx].join()
  const ordered = [frames, size.widthPx, size.heightPx].join()
  const isSteady = Math.abs((video?.ticksPerSample ?? 0) - ticksPerFrame) < 0.001
  const seconds = frames / framesPerSecond(frameRate)
  const isHeard = sound === null ? !audio : secondsOf(audio) >= seconds - SOUND_SLACK_SECONDS
  if (is === ordered && isSteady && isHeard) return
  const detail = `joined ${is} instead of ${ordered}, steady: ${isSteady}, sound: ${isHeard}`
  throw new MediaError('ENCODER_CRASHED', detail)
}

const secondsOf = (track: Mp4Track | undefined): number =>
  track ? (track.samples * (track.ticksPerSample ?? 0)) / track.timescale : 0
