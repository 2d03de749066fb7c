import { join } from 'node:path'

import { MediaError } from '../../../domain/failures.ts'
import type { FrameSize } from '../../../domain/frame-size.ts'
import { planCopy, type CopyPlan } from '../../../domain/generation/compose/copy-plan.ts'
import {
  exactRate,
  heldUntil,
  planMerge,
  type PlannedClip,
} from '../../../domain/generation/compose/merge-plan.ts'
import type { MergeItem, MergeParams } from '../../../domain/generation/job-params.ts'
import { audioStreams } from '../../../domain/media-probe.ts'
import { framesPerSecond, type RationalRate } from '../../../domain/rational-rate.ts'
import { probe } from '../probe.ts'
import { readClips, soundOf } from './clip-facts.ts'
import { programsOf, type ComposeTools, type LocalMedium, type MadeMedium } from './compose-job.ts'
import { encodeClips, isHeard } from './encode-clips.ts'
import { SOUND_RATE_HZ } from './film-encoder.ts'
import { joinClips, type Pictures } from './join-clips.ts'
import type { SoundPiece } from './mix-sound.ts'
import { mixTracks } from './mix-tracks.ts'
import { readMp4Tracks } from './mp4-tracks.ts'
import {
  sampleAt,
  soundOfClip,
  takenSeconds,
  takeSounds,
  toSoundShape,
  type SoundWish,
} from './take-sounds.ts'

type Item = MergeItem<LocalMedium>
type Params = MergeParams<LocalMedium>

/**
 * Joins films and pictures one after the other, with sounds laid over the whole.
 *
 * *Guarantee:* one size and frame rate; clips begin and end at the edges of frames; the sound is encoded
 * once, as a whole, and is never off its pictures by more than half a frame, however many clips there
 * are. Clips of one make are joined without encoding their pictures again, and their sound as well
 * where nothing has to be done to it. The memory does not grow with the number of clips. *Errors:*
 * INPUT_INVALID, MEDIA_NO_VIDEO, MEDIA_NO_AUDIO (an audio item without sound), MEDIA_UNREADABLE.
 */
export const mergeClips = async (tools: ComposeTools, params: Params): Promise<MadeMedium> => {
  const shown = params.items.filter(({ type }) => type !== 'audio')
  const heard = params.items.filter(({ type }) => type === 'audio')
  const copy = await planCopyOf(params, shown)
  const path =
    copy && heard.length === 0 && isLeftAsItIs(params, shown) && copy.sound !== 'encode'
      ? await joinClips(tools, {
          pictures: picturesOf(copy, shown),
          sound: copy.sound === 'none' ? null : { copy: copy.sound },
        })
      : await mergeAnew(tools, params, { shown, heard, copy })
  tools.onProgress?.(1)
  return { path, contentType: 'video/mp4', media: 'video' }
}

/** Null: some clip has another make, another length than is asked for, or another size or rate. */
const planCopyOf = async (params: Params, shown: readonly Item[]): Promise<CopyPlan | null> => {
  const isWhole = shown.every(
    ({ type, durationSeconds }) => type === 'video' && durationSeconds === null,
  )
  if (!isWhole || shown.length === 0) return null
  const tracks = []
  for (const { source } of shown) {
    const read = await readMp4Tracks(source.path)
    if (!read) return null
    tracks.push(read)
  }
  const plan = planCopy(tracks)
  return plan && isAsOrdered(plan, params) ? plan : null
}

const isAsOrdered = (
  made: { readonly size: FrameSize; readonly frameRate: RationalRate },
  { widthPx, heightPx, frameRate }: Params,
): boolean =>
  (widthPx ?? made.size.widthPx) === made.size.widthPx &&
  (heightPx ?? made.size.heightPx) === made.size.heightPx &&
  (frameRate === null || framesPerSecond(exactRate(frameRate)) === framesPerSecond(made.frameRate))

const isLeftAsItIs = ({ loudnessLufs }: Params, shown: readonly Item[]): boolean =>
  loudnessLufs === null && shown.every(({ volume }) => volume === 1)

const picturesOf = (copy: CopyPlan, shown: readonly Item[]): Pictures => ({
  size: copy.size,
  frameRate: copy.frameRate,
  clips: shown.map(({ source }, index) => ({
    path: source.path,
    frames: copy.clipFrames[index] ?? 0,
  })),
})

interface Work {
  readonly shown: readonly Item[]
  readonly heard: readonly Item[]
  readonly copy: CopyPlan | null
}

/** Clips that are ready to be joined, and what is heard with them. */
interface Parts {
  readonly pictures: Pictures
  readonly pieces: readonly SoundPiece[]
}

const mergeAnew = async (
  tools: ComposeTools,
  params: Params,
  { shown, heard, copy }: Work,
): Promise<string> => {
  const sounds = await takeItems(tools, heard)
  // With `freeze` the last picture stands until the last sound has ended.
  const untilSeconds =
    params.lengths === 'freeze' ? Math.max(0, ...sounds.map(({ endSeconds }) => endSeconds)) : 0
  const isLongEnough =
    copy && sum(copy.clipFrames) / framesPerSecond(copy.frameRate) >= untilSeconds
  const { pictures, pieces } = isLongEnough
    ? await takeClips(tools, copy, shown)
    : await encodeParts(tools, params, { shown, untilSeconds })
  const frames = sum(pictures.clips.map((clip) => clip.frames))
  refuseUnheard(params, frames / framesPerSecond(pictures.frameRate))
  const sound = await mixTracks(tools, {
    loudnessLufs: params.loudnessLufs,
    pieces: [...pieces, ...sounds.map(({ piece }) => piece)],
    samples: sampleAt(frames, pictures.frameRate),
  })
  return joinClips(tools, { pictures, sound })
}

/** A voice that would begin after the end is an error, not a silence. */
const refuseUnheard = ({ items }: Params, endSeconds: number): void => {
  const index = items.findIndex((item) => item.type === 'audio' && item.offsetSeconds >= endSeconds)
  if (index < 0) return
  const path = `params.items.${index}.offset`
  const message = `lies behind the end at ${endSeconds.toFixed(2)} s`
  const fix = 'send a smaller offset, longer clips, or `lengths: freeze`'
  throw new MediaError('INPUT_INVALID', `${path} ${message}`, {
    problems: [{ path, message, fix }],
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

/** The sounds over the whole. */
const takeItems = async (
  tools: ComposeTools,
  heard: readonly Item[],
): Promise<readonly { readonly piece: SoundPiece; readonly endSeconds: number }[]> => {
  const wishes: SoundWish[] = []
  for (const [index, { source, durationSeconds }] of heard.entries()) {
    const sound = soundOf(audioStreams(await probe({ ...programsOf(tools), path: source.path })))
    if (!sound) throw new MediaError('MEDIA_NO_AUDIO', `audio item ${index} has no sound`)
    wishes.push({
      inputPath: source.path,
      stream: String(sound.index),
      outputPath: join(tools.folder, `sound-${index}.f32`),
      filters: [
        ...toSoundShape(),
        ...(durationSeconds === null ? [] : [`atrim=end=${durationSeconds}`]),
      ],
    })
  }
  await takeSounds(tools, wishes)
  const taken = []
  for (const [index, { outputPath: path }] of wishes.entries()) {
    const { offsetSeconds = 0, volume = 1 } = heard[index] ?? {}
    const startSample = Math.round(offsetSeconds * SOUND_RATE_HZ)
    const piece = { path, volume, startSample, samplesMax: Infinity }
    taken.push({ piece, endSeconds: offsetSeconds + (await takenSeconds(path)) })
  }
  return taken
}

/** Pictures as they are, and the sounds out of them. */
const takeClips = async (
  tools: ComposeTools,
  copy: CopyPlan,
  shown: readonly Item[],
): Promise<Parts> => {
  const wishes: SoundWish[] = []
  const pieces: SoundPiece[] = []
  let startFrame = 0
  for (const [index, { source, volume }] of shown.entries()) {
    const frames = copy.clipFrames[index] ?? 0
    if (copy.clipHeard[index] && volume > 0) {
      const path = join(tools.folder, `clip-sound-${index}.f32`)
      const planned = { startFrame, frames, holdFrames: 0, slowdown: 1 }
      const filters = soundOfClip(planned, copy.frameRate)
      wishes.push({ inputPath: source.path, stream: 'a:0', filters, outputPath: path })
      pieces.push(pieceOf(planned, copy.frameRate, { path, volume }))
    }
    startFrame += frames
  }
  await takeSounds(tools, wishes)
  return { pictures: picturesOf(copy, shown), pieces }
}

const pieceOf = (
  { startFrame, frames }: Pick<PlannedClip, 'startFrame' | 'frames'>,
  rate: RationalRate,
  sound: Pick<SoundPiece, 'path' | 'volume'>,
): SoundPiece => {
  const startSample = sampleAt(startFrame, rate)
  return { ...sound, startSample, samplesMax: sampleAt(startFrame + frames, rate) - startSample }
}

const ENCODING_SHARE = 0.9
/** Starting a process takes as long as half a second of film; more decoders at once cost memory. */
const CLIPS_AT_ONCE = 8

const encodeParts = async (
  tools: ComposeTools,
  params: Params,
  { shown, untilSeconds }: { readonly shown: readonly Item[]; readonly untilSeconds: number },
): Promise<Parts> => {
  const read = await readClips(
    tools,
    shown.map(({ source }) => source.path),
  )
  const clips = read.map((clip, index) => ({
    ...clip,
    durationSeconds: shown[index]?.durationSeconds ?? null,
    volume: shown[index]?.volume ?? 1,
  }))
  const plan = heldUntil(planMerge(params, clips), untilSeconds)
  const { canvas, frameRate } = plan
  const placed = plan.clips.map((planned, index) => {
    const clip = clips[index]
    if (!clip) throw new MediaError('INTERNAL', `there is no clip ${index}`)
    return { clip, planned, volume: clip.volume }
  })
  const made: { path: string; frames: number }[] = []
  const pieces: SoundPiece[] = []
  let startFrame = 0
  for (const [index, batch] of inBatches(placed, CLIPS_AT_ONCE).entries()) {
    const path = join(tools.folder, `part-${index}`)
    const [from, frames] = [startFrame, sum(batch.map(({ planned }) => planned.frames))]
    const onProgress = (ratio: number) =>
      tools.onProgress?.((ENCODING_SHARE * (from + ratio * frames)) / plan.frames)
    const files = { picturesPath: path, soundPath: `${path}.f32` }
    const job = { clips: batch, canvas, frameRate, fit: params.fit, ...files }
    await encodeClips({ ...tools, onProgress }, job)
    made.push({ path, frames })
    if (batch.some(isHeard)) {
      pieces.push(pieceOf({ startFrame, frames }, frameRate, { path: files.soundPath, volume: 1 }))
    }
    startFrame += frames
  }
  return { pictures: { clips: made, frameRate, size: canvas }, pieces }
}

const inBatches = <Value>(values: readonly Value[], size: number): Value[][] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  )
