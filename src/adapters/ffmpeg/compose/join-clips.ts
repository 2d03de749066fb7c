import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { MediaError } from '../../../domain/failures.ts'
import type { FrameSize } from '../../../domain/frame-size.ts'
import type { Mp4Track, SoundCopy } from '../../../domain/generation/compose/copy-plan.ts'
import { frameClock, framesPerSecond, type RationalRate } from '../../../domain/rational-rate.ts'
import { runFfmpeg } from '../process.ts'
import { programsOf, type ComposeTools } from './compose-job.ts'
import { SOUND_ENCODER } from './film-encoder.ts'
import { mixedSoundInput } from './level-sound.ts'
import type { MixedTracks } from './mix-tracks.ts'
import { readMp4Tracks } from './mp4-tracks.ts'

/** The pictures of a film, clip by clip: MP4s of one make. */
export interface Pictures {
  readonly clips: readonly { readonly path: string; readonly frames: number }[]
  readonly frameRate: RationalRate
  readonly size: FrameSize
}

/** Where the sound comes from: one that is encoded here, the packets of the clips, or nowhere. */
export type Sound = MixedTracks | { readonly copy: SoundCopy } | null

/**
 * Joins clips into one MP4 packet by packet, with their sound. *Guarantee:* as many frames as the clips
 * have, evenly spaced; none is decoded. *Errors:* ENCODER_CRASHED when that is not what came out.
 */
export const joinClips = async (
  tools: ComposeTools,
  { pictures, sound }: { readonly pictures: Pictures; readonly sound: Sound },
): Promise<string> => {
  const outputPath = join(tools.folder, 'joined-film')
  await writeFile(join(tools.folder, LIST_NAME), listOf(pictures))
  await runFfmpeg({
    ...programsOf(tools),
    args: [
      // Or pictures are moved to where the skipped beginning of the sound begins.
      '-copyts',
      ...['-protocol_whitelist', 'file', '-format_whitelist', 'concat,mov'],
      ...['-f', 'concat', '-safe', '0', '-i', `file:${join(tools.folder, LIST_NAME)}`],
      ...soundInput(sound),
      ...['-map', '0:v:0', '-c:v', 'copy', ...soundOutput(sound)],
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

const LIST_NAME = 'clips.txt'

/** Lists count in microseconds: rounded from the beginning, so that no error adds up. */
const listOf = ({ clips, frameRate }: Pictures): string => {
  const microsecondsAt = (frame: number) => Math.round((frame * 1e6) / framesPerSecond(frameRate))
  let at = 0
  const lines = clips.map(({ path, frames }) => {
    const microseconds = microsecondsAt(at + frames) - microsecondsAt(at)
    at += frames
    return `${fileLine(path)}\nduration ${(microseconds / 1e6).toFixed(6)}\n`
  })
  return ['ffconcat version 1.0\n', ...lines].join('')
}

const soundInput = (sound: Sound): string[] =>
  sound === null || 'copy' in sound ? [] : mixedSoundInput(sound.path)

const soundOutput = (sound: Sound): string[] => {
  if (sound === null) return []
  if ('copy' in sound) return ['-map', '0:a:0', '-c:a', 'copy', '-bsf:a', inARow(sound.copy)]
  const { filters } = sound
  return ['-map', '1:a:0', ...(filters.length > 0 ? ['-af', filters.join()] : []), ...SOUND_ENCODER]
}

/** Packet after packet without a gap, but for those left out; the first is ahead by what is skipped. */
const inARow = (copy: SoundCopy): string => {
  const { samplesPerPacket, skippedSamples, sampleRateHz, leftOut } = copy
  const drop = leftOut.map(([from, to]) => String.raw`between(n\,${from}\,${to})`).join('+')
  const times = `setts=ts='(N*${samplesPerPacket}-${skippedSamples})/(${sampleRateHz}*TB)'`
  return drop === '' ? times : `noise=drop='${drop}',${times}`
}

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
