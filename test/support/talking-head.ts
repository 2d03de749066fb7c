import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { FrameSize } from '../../src/domain/frame-size.ts'

const run = promisify(execFile)

/** 512 by 512 pixels: a face whose middle is at (226, 120), 104 pixels tall, its mouth below it. */
const FACE_PATH = fileURLToPath(new URL('../media/astronaut.jpg', import.meta.url))
const FACE_PX = 104
/** Head and shoulders, with the middle of the face in the middle. */
const PORTRAIT = { crop: '240:300:106:0', faceX: 120, faceY: 120 } as const
/** An open mouth in the portrait. */
const MOUTH = 'drawbox=x=100:y=142:w=34:h=16:color=0x301010:t=fill'

/** Somebody in a film; places are pixels of it, or expressions of `t`, the seconds of the film. */
export interface TalkingPerson {
  /** Of the middle of the face. */
  readonly x: number | string
  readonly y: number | string
  /** The height of the face. */
  readonly facePx: number
  /** When the mouth moves, as [from, to] in seconds. */
  readonly speaks: readonly (readonly [number, number])[]
}

export interface TalkScene {
  readonly durationSeconds: number
  readonly color: string
  readonly people: readonly TalkingPerson[]
}

export interface Talk {
  readonly size: FrameSize
  readonly frameRate: number
  readonly scenes: readonly TalkScene[]
  /** Null: nothing is heard. */
  readonly voicePath: string | null
  /** Further arguments for the output. */
  readonly output?: readonly string[]
}

/**
 * A made-up film of which everything is known: who is where, when each mouth moves, and when the scene
 * changes.
 */
export const makeTalk = async (
  path: string,
  { size, frameRate, scenes, voicePath, output = [] }: Talk,
): Promise<string> => {
  const seconds = scenes.reduce((sum, scene) => sum + scene.durationSeconds, 0)
  const fields = scenes.flatMap(({ color, durationSeconds }) => [
    ...['-f', 'lavfi', '-i'],
    `color=${color}:size=${size.widthPx}x${size.heightPx}:rate=${frameRate}:duration=${durationSeconds}`,
  ])
  const people = scenes.flatMap((scene, index) => {
    const from = scenes.slice(0, index).reduce((sum, one) => sum + one.durationSeconds, 0)
    const span = `gte(t,${from - 0.001})*lt(t,${from + scene.durationSeconds - 0.001})`
    return scene.people.map((person) => ({ ...person, span }))
  })
  const photo = scenes.length
  const voice = photo + 1
  const copies = people.map((_, index) => `[p${index}]`).join('')
  const graph = [
    `${scenes.map((_, index) => `[${index}]`).join('')}concat=n=${scenes.length}[film0]`,
    ...(people.length === 0
      ? []
      : [`[${photo}]crop=${PORTRAIT.crop},split=${people.length}${copies}`]),
    ...people.flatMap((person, index) => drawn(person, index)),
    `[film${people.length}]noise=alls=4:allf=t,format=yuv420p[v]`,
    ...(voicePath === null ? [] : [`[${voice}]apad[a]`]),
  ]
  await run('ffmpeg', [
    ...['-v', 'error', '-y', ...fields],
    ...['-loop', '1', '-framerate', String(frameRate), '-t', String(seconds), '-i', FACE_PATH],
    ...(voicePath === null ? [] : ['-i', voicePath]),
    ...['-filter_complex', graph.join(';'), '-map', '[v]'],
    ...(voicePath === null ? [] : ['-map', '[a]', '-c:a', 'aac']),
    ...['-t', String(seconds), '-c:v', 'libx264', '-preset', 'ultrafast', ...output, path],
  ])
  return path
}

/** Beside the samples of whoever looks a few times a second. */
const OPENS = 'lt(mod(t,0.31),0.15)'

/** Every second person looks the other way, so that two of them are not the same. */
const drawn = (
  { x, y, facePx, speaks, span }: TalkingPerson & { readonly span: string },
  index: number,
): string[] => {
  const scale = facePx / FACE_PX
  const times = speaks.map(([from, to]) => `between(t,${from},${to})`).join('+') || '0'
  const turned = index % 2 === 1 ? ',hflip,hue=h=20' : ''
  const [left, top] = [PORTRAIT.faceX * scale, PORTRAIT.faceY * scale]
  return [
    `[p${index}]${MOUTH}:enable='(${times})*${OPENS}',scale=iw*${scale}:-1${turned}[q${index}]`,
    `[film${index}][q${index}]overlay=x='${x}-${left}':y='${y}-${top}':enable='${span}'[film${index + 1}]`,
  ]
}

/**
 * A talking head: a face that walks over one field until the cut, then stays at the right of another, and
 * a voice. 864 by 486 pixels, 25 frames a second.
 */
export const makeTalkingHead = async (
  path: string,
  {
    voicePath,
    durationSeconds,
    cutSeconds,
  }: {
    readonly voicePath: string
    readonly durationSeconds: number
    readonly cutSeconds: number
  },
): Promise<string> =>
  await makeTalk(path, {
    size: { widthPx: 864, heightPx: 486 },
    frameRate: 25,
    voicePath,
    scenes: [
      {
        durationSeconds: cutSeconds,
        color: '0x203040',
        people: [{ x: '150+12*t', y: 170, facePx: 80, speaks: [[0, cutSeconds]] }],
      },
      {
        durationSeconds: durationSeconds - cutSeconds,
        color: '0xc0b090',
        people: [{ x: 690, y: 170, facePx: 80, speaks: [[cutSeconds, durationSeconds]] }],
      },
    ],
  })
