/** Films whose every frame shows its own number, in stripes: what was lost or doubled can be read off. */
import { buffer } from 'node:stream/consumers'

import { spawnFfmpeg } from '../../src/adapters/ffmpeg/process.ts'
import { makeMedia } from './media-corpus.ts'

/** Bits of a number, a stripe each. */
const STRIPES = 16
const STRIPE_PX = 10
const BRIGHT = 128

/**
 * Writes a film of 160 × 90, with a tone. `select` is an ffmpeg expression that keeps some of the
 * frames, at their times: a film of varying rate.
 */
export const makeNumberedFilm = (
  folder: string,
  name: string,
  options: {
    readonly frames: number
    readonly rate: string
    readonly select?: string
    readonly encode?: readonly string[]
    readonly sound?: readonly string[]
  },
): Promise<string> => {
  const { frames, rate, select, encode = [] } = options
  // Drawn with a pixel a stripe, for an expression is worked out for each of them.
  const filters = [
    "geq=lum='if(mod(floor(N/pow(2,X)),2),235,16)':cb=128:cr=128",
    `scale=${STRIPES * STRIPE_PX}:90:flags=neighbor,setsar=1`,
    ...(select === undefined ? [] : [`select='${select}'`]),
  ]
  const tone = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000`]
  const sound = options.sound ?? tone
  return makeMedia(
    folder,
    ...[
      '-f',
      'lavfi',
      '-i',
      `color=black:size=${STRIPES}x10:rate=${rate},trim=end_frame=${frames}`,
    ],
    ...sound,
    ...['-vf', filters.join(), '-fps_mode', 'passthrough', '-shortest', '-pix_fmt', 'yuv420p'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', ...encode],
    name,
  )
}

/** The numbers on the frames of a film, in the order in which they are shown. */
export const readNumbers = async (path: string): Promise<number[]> => {
  const { stdout, finished } = spawnFfmpeg({
    ffmpegPath: 'ffmpeg',
    args: [
      ...['-i', `file:${path}`, '-map', '0:v:0', '-fps_mode', 'passthrough'],
      ...['-vf', `scale=${STRIPES}:1:flags=area,format=gray`, '-f', 'rawvideo', 'pipe:1'],
    ],
    stdout: 'pipe',
    timeoutMs: 30_000,
  })
  const bytes = await buffer(stdout!)
  await finished
  return Array.from({ length: bytes.length / STRIPES }, (_, frame) =>
    [...bytes.subarray(frame * STRIPES, (frame + 1) * STRIPES)].reduce(
      (number, brightness, bit) => number + (brightness > BRIGHT ? 2 ** bit : 0),
      0,
    ),
  )
}

/** `count` numbers from `first` on. */
export const numbersFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index)
