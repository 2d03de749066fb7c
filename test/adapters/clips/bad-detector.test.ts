import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processExists } from '../../../scripts/stack/process-identity.ts'
import { toolchain } from '../../../scripts/stack/toolchain.ts'
import { detectFaces } from '../../../src/adapters/clips/detect-faces.ts'
import { samplePictures } from '../../../src/adapters/clips/sample-pictures.ts'
import type { FaceBox } from '../../../src/domain/clips/face-tracks.ts'
import { eventually } from '../../support/eventually.ts'
import { makeMedia } from '../../support/media-corpus.ts'

/** Ten pictures of 64 by 36 pixels, in which nobody is seen. */
const SECONDS = 2

let folder: string
let sourcePath: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-detector-'))
  sourcePath = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `testsrc2=size=64x36:rate=10:duration=${SECONDS}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', 'film.mp4'],
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A detector of which nothing is known but what its shell does: `$6` is where its answer is expected. */
const detectorThat = async (shell: string) => {
  const work = await mkdtemp(join(folder, 'work-'))
  const pythonPath = join(work, 'detector')
  await writeFile(pythonPath, `#!/bin/sh\n${shell}\n`)
  await chmod(pythonPath, 0o755)
  return { work, pythonPath }
}

const look = async (
  { work, pythonPath }: { readonly work: string; readonly pythonPath: string },
  { timeoutMs = 60_000, signal = new AbortController().signal } = {},
): Promise<readonly (readonly FaceBox[])[]> => {
  const workPath = (name: string) => join(work, name)
  const { seen } = await samplePictures({
    ...{ ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', inputPath: sourcePath },
    ...{ startSeconds: 0, endSeconds: SECONDS, timeoutMs: 60_000, workPath, signal },
    look: (pictures) => detectFaces({ pythonPath, timeoutMs }, { pictures, workPath, signal }),
  })
  return seen
}

const ALL = 'cat > /dev/null'
const answering = (answer: string) => `${ALL}; printf '%s' '${answer}' > "$6"`
const mouth = Array.from({ length: 48 }, () => 0.5)
const face = (x: number, y: number) => [x, y, 0.1, 0.1, 0.9, mouth]
const pictures = (faces: readonly unknown[], count = 10) =>
  JSON.stringify({ pictures: Array.from({ length: count }, () => faces) })

const pidOf = async (work: string): Promise<number> => {
  const path = join(work, 'pid')
  await eventually(async () => expect(await readFile(path, 'utf8')).toMatch(/^\d+\n$/))
  return Number(await readFile(path, 'utf8'))
}

describe('a detector of faces', () => {
  it('that does as it should is believed', async () => {
    const seen = await look(await detectorThat(answering(pictures([face(0.4, 0.2)]))))
    expect(seen).toHaveLength(SECONDS * 5)
    expect(seen[0]).toEqual([expect.objectContaining({ x: 0.4, y: 0.2, score: 0.9 })])
  })

  it.each([
    ['ends well and leaves nothing', ALL],
    ['ends without having looked', 'exit 0'],
    ['prints its answer', `${ALL}; echo '${pictures([])}'`],
    ['leaves prose', answering('I see a man')],
    ['leaves half of an answer', answering('{"pictures": [[')],
    ['leaves numbers that are none', answering('{"pictures": [[[NaN, 0, 1, 1, 1, []]]]}')],
    ['leaves another shape', answering('{"faces": []}')],
    ['leaves faces without a size', answering(pictures([[0.4, 0.2, 0, -1, 0.9, mouth]]))],
    ['leaves too few pictures', answering(pictures([face(0.4, 0.2)], 3))],
    ['leaves too many pictures', answering(pictures([face(0.4, 0.2)], 11))],
    ['says why it fails', `${ALL}; echo 'no model' >&2; exit 3`],
    ['kills itself', 'kill -KILL $$'],
  ])('that %s has failed', async (_, shell) => {
    await expect(look(await detectorThat(shell))).rejects.toMatchObject({ code: 'ENCODER_CRASHED' })
  })

  it('that is killed while it looks has failed', async () => {
    const detector = await detectorThat('echo $$ > "$(dirname "$6")/pid"; exec sleep 600')
    const looking = look(detector)
    looking.catch(() => undefined)
    process.kill(await pidOf(detector.work), 'SIGKILL')
    await expect(looking).rejects.toMatchObject({ code: 'ENCODER_CRASHED' })
  })

  it('that takes nothing and says nothing is ended at its limit', async () => {
    const detector = await detectorThat('echo $$ > "$(dirname "$6")/pid"; exec sleep 600')
    const looking = look(detector, { timeoutMs: 1_000 })
    await expect(looking).rejects.toMatchObject({ code: 'ENCODER_TIMEOUT' })
    const isThere =
      existsSync(join(detector.work, 'pid')) && processExists(await pidOf(detector.work))
    expect(isThere).toBe(false)
  })

  it('is gone when the look is cancelled', async () => {
    const detector = await detectorThat('echo $$ > "$(dirname "$6")/pid"; exec sleep 600')
    const cancel = new AbortController()
    const looking = look(detector, { signal: cancel.signal })
    looking.catch(() => undefined)
    const pid = await pidOf(detector.work)
    cancel.abort(new Error('cancelled'))
    await expect(looking).rejects.toThrow('cancelled')
    expect(processExists(pid)).toBe(false)
  })

  it('that sees faces far outside the picture has seen none there', async () => {
    const faces = [face(-7, 0.2), face(0.4, 1e9), face(-0.04, 0.97), face(3, 3)]
    const seen = await look(await detectorThat(answering(pictures(faces))))
    expect(seen[0]).toEqual([])
    const atEdge = await look(await detectorThat(answering(pictures([face(-0.04, 0.93)]))))
    expect(atEdge[0]).toHaveLength(1)
  })

  it('of ours sees nobody where nobody is', async () => {
    const { work } = await detectorThat('')
    const seen = await look({ work, pythonPath: toolchain().pythonPath ?? 'python3' })
    expect(seen).toEqual(Array.from({ length: SECONDS * 5 }, () => []))
  })
})
