import type { FrameSize } from '../../frame-size.ts'
import { exactRate } from './merge-plan.ts'
import { framesPerSecond, type RationalRate } from '../../rational-rate.ts'

/** What an MP4 says of one of its tracks. */
export interface Mp4Track {
  readonly kind: 'pictures' | 'sound' | 'other'
  /** `avc1`, `mp4a`. */
  readonly codec: string
  /** Hex of the whole sample entry: size, codec and everything that the decoder is set up with. */
  readonly sampleEntry: string
  readonly timescale: number
  readonly samples: number
  /** Of each sample; null where they differ (the last one of a sound does not count). */
  readonly ticksPerSample: number | null
  /** What is cut off at the beginning beyond the delay of reordered pictures. */
  readonly skippedTicks: number
  /** Starts at once, with a key frame, upright, with square pixels of 8 bits. */
  readonly isPlain: boolean
  readonly size: FrameSize | null
}

/** Clips that can be joined packet by packet. */
export interface CopyPlan {
  readonly size: FrameSize
  readonly frameRate: RationalRate
  readonly clipFrames: readonly number[]
  /** Whether a clip has a sound. */
  readonly clipHeard: readonly boolean[]
  readonly sound: 'none' | 'encode' | SoundCopy
}

/** Which packets are taken of the clips' sounds. */
export interface SoundCopy {
  readonly sampleRateHz: number
  readonly samplesPerPacket: number
  readonly skippedSamples: number
  /** First and last packets that are left out, counted over all clips. */
  readonly leftOut: readonly (readonly [number, number])[]
}

const allEqual = (values: readonly unknown[]): boolean =>
  values.every((value) => value === values[0])

/**
 * Judges whether the pictures of clips are of one make: the same encoder set up in the same way, at the
 * same steady rate. Then they can be joined without encoding anything again. Null: they are not.
 */
export const planCopy = (clips: readonly (readonly Mp4Track[])[]): CopyPlan | null => {
  const pictures = clips.map((tracks) => onlyOne(tracks, 'pictures'))
  if (pictures.some((track) => track === null)) return null
  const tracks = pictures as Mp4Track[]
  const [first] = tracks
  if (!first?.size || first.ticksPerSample === null) return null
  const isOneMake =
    tracks.every(
      ({ codec, isPlain, skippedTicks }) => codec === 'avc1' && isPlain && skippedTicks === 0,
    ) &&
    allEqual(tracks.map(({ sampleEntry }) => sampleEntry)) &&
    allEqual(tracks.map(({ timescale, ticksPerSample }) => timescale / (ticksPerSample ?? 1)))
  if (!isOneMake || tracks.some(({ ticksPerSample }) => ticksPerSample === null)) return null
  const frameRate = exactRate(first.timescale / first.ticksPerSample)
  const clipFrames = tracks.map(({ samples }) => samples)
  return {
    size: first.size,
    frameRate,
    clipFrames,
    clipHeard: clips.map((own) => own.some(({ kind }) => kind === 'sound')),
    sound: planSoundCopy(clips, clipFrames, frameRate),
  }
}

const onlyOne = (tracks: readonly Mp4Track[], kind: Mp4Track['kind']): Mp4Track | null => {
  const [first, ...others] = tracks.filter((track) => track.kind === kind)
  return first && others.length === 0 ? first : null
}

/**
 * Sound is joined in whole packets: each clip begins with the packet that is nearest to its first frame,
 * so that it is never off by more than half a packet, however many clips there are.
 */
const planSoundCopy = (
  clips: readonly (readonly Mp4Track[])[],
  clipFrames: readonly number[],
  frameRate: RationalRate,
): CopyPlan['sound'] => {
  if (clips.every((tracks) => tracks.every(({ kind }) => kind !== 'sound'))) return 'none'
  const sounds = clips.flatMap((tracks) => onlyOne(tracks, 'sound') ?? [])
  const [first] = sounds
  const isOneMake =
    sounds.length === clips.length &&
    sounds.every(({ codec, isPlain }) => codec === 'mp4a' && isPlain) &&
    allEqual(sounds.map(({ sampleEntry }) => sampleEntry)) &&
    allEqual(sounds.map(({ skippedTicks }) => skippedTicks)) &&
    allEqual(sounds.map(({ timescale }) => timescale)) &&
    allEqual(sounds.map(({ ticksPerSample }) => ticksPerSample))
  if (!isOneMake || !first || first.ticksPerSample === null) return 'encode'
  const { timescale: sampleRateHz, ticksPerSample: samplesPerPacket } = first
  const packetAt = (frame: number): number =>
    Math.round(((frame / framesPerSecond(frameRate)) * sampleRateHz) / samplesPerPacket)
  let startFrame = 0
  const clipPackets: number[] = []
  for (const frames of clipFrames) {
    clipPackets.push(packetAt(startFrame + frames) - packetAt(startFrame))
    startFrame += frames
  }
  // What is skipped at the beginning is missing at the end.
  const lastPacket = clipPackets.length - 1
  const endSample = (startFrame / framesPerSecond(frameRate)) * sampleRateHz + first.skippedTicks
  const missing = Math.ceil(endSample / samplesPerPacket) - packetAt(startFrame)
  clipPackets[lastPacket] = Math.min(
    sounds[lastPacket]?.samples ?? 0,
    (clipPackets[lastPacket] ?? 0) + missing,
  )
  const isEnough = sounds.every(({ samples }, index) => samples >= (clipPackets[index] ?? 0))
  if (!isEnough) return 'encode'
  let at = 0
  const leftOut = sounds.flatMap(({ samples }, index): (readonly [number, number])[] => {
    const from = at + (clipPackets[index] ?? 0)
    at += samples
    return from < at ? [[from, at - 1]] : []
  })
  return { sampleRateHz, samplesPerPacket, skippedSamples: first.skippedTicks, leftOut }
}
