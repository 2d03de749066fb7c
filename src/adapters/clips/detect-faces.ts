import { readFile } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { FaceBox } from '../../domain/clips/face-tracks.ts'
import { MediaError } from '../../domain/failures.ts'
import { assertSucceeded, spawnGuarded } from '../ffmpeg/process.ts'
import type { SampledPictures } from './sample-pictures.ts'

const SCRIPT = fileURLToPath(new URL('../../../python/face_detector.py', import.meta.url))

const face = z.tuple([
  z.number(),
  z.number(),
  z.number().positive(),
  z.number().positive(),
  z.number(),
  z.array(z.number()),
])
const answer = z.object({ pictures: z.array(z.array(face)) })

export interface FaceDetection {
  /** The Python of the environment that set-up makes. */
  readonly pythonPath: string
  /** Of the detector; it takes a tenth of the time that it looks at. */
  readonly timeoutMs: number
}

export interface FaceJob {
  readonly pictures: SampledPictures
  readonly workPath: (fileName: string) => string
  readonly signal: AbortSignal
  /** 0 to 1. */
  readonly onProgress?: (ratio: number) => void
}

/**
 * Finds the faces in sampled pictures. *Returns* those of each picture, in parts of its size. *Errors:*
 * ENCODER_CRASHED (the detector died, or left what is no answer for each picture), ENCODER_TIMEOUT. *Cancellation:*
 * rejects with the signal's reason; the detector is gone then, as it is when this process is killed.
 */
export const detectFaces = async (
  { pythonPath, timeoutMs }: FaceDetection,
  { pictures, workPath, signal, onProgress }: FaceJob,
): Promise<readonly (readonly FaceBox[])[]> => {
  const { stream, size, count } = pictures
  const resultPath = workPath('faces.json')
  const { stdin, ended } = spawnGuarded({
    file: pythonPath,
    // Isolated from the environment and the user's own packages; leaves no compiled files behind.
    args: ['-I', '-B', SCRIPT, String(size.widthPx), String(size.heightPx), resultPath],
    stdin: 'pipe',
    timeoutMs,
    signal,
    onProgress: (done) => onProgress?.(Math.min(1, done / count)),
  })
  let handedBytes = 0
  stream.on('data', (chunk: Buffer) => (handedBytes += chunk.length))
  if (stdin !== null) hand(stream, stdin)
  assertSucceeded('the face detector', await ended)
  const seen = await readAnswer(resultPath)
  const handed = Math.floor(handedBytes / (size.widthPx * size.heightPx * 3))
  if (seen.length !== handed) {
    throw new MediaError('ENCODER_CRASHED', `it has seen ${seen.length} of ${handed} pictures`)
  }
  return seen
}

/** A detector that dies leaves the rest of the pictures to whoever made them. */
const hand = (pictures: Readable, detector: Writable): void => {
  detector.on('error', () => pictures.unpipe(detector))
  // Pictures that break off have no end of their own.
  pictures.once('close', () => detector.end())
  pictures.pipe(detector)
}

const readAnswer = async (path: string): Promise<readonly (readonly FaceBox[])[]> => {
  try {
    const { pictures } = answer.parse(JSON.parse(await readFile(path, 'utf8')))
    return pictures.map((faces) => faces.map(boxOf).filter(isInPicture))
  } catch (cause) {
    throw new MediaError('ENCODER_CRASHED', 'the face detector left no answer', { cause })
  }
}

/** A face at the edge reaches beyond it; one with its middle there is none. */
const isInPicture = ({ x, y, width, height }: FaceBox): boolean =>
  [x + width / 2, y + height / 2].every((middle) => middle >= 0 && middle <= 1)

const boxOf = ([x, y, width, height, score, mouth]: z.output<typeof face>): FaceBox => ({
  x,
  y,
  width,
  height,
  score,
  mouth,
})
