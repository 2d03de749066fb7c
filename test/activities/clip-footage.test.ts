/** Clips of footage that is unlike a talk before a camera: each is made, and what was simplified is named. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toolchain } from '../../scripts/stack/toolchain.ts'
import { probe } from '../../src/adapters/ffmpeg/probe.ts'
import { facesKey } from '../../src/domain/clips/clip-wish.ts'
import { trackFaces } from '../../src/domain/clips/face-tracks.ts'
import type { SeenFaces } from '../../src/domain/clips/follow-speaker.ts'
import type { ExecutionId } from '../../src/domain/ids.ts'
import { makeMedia } from '../support/media-corpus.ts'
import { startActivityWorld } from './support/activity-world.ts'
import { clipFrom, makeClipOf, storeFootage } from './support/clip-footage.ts'

const world = await startActivityWorld({
  SPOOL_PYTHON_PATH: toolchain().pythonPath ?? 'python3',
})
const SECONDS = 2.5
const FACE = join(import.meta.dirname, '../media/astronaut.jpg')

let folder: string
let executionId: ExecutionId
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-footage-'))
  executionId = (await world.order()).executionId
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const drawn = (source: string) => ['-f', 'lavfi', '-t', String(SECONDS), '-i', source]
const faces = (field: string, ...places: readonly string[]) => {
  const copies = places.map((_, index) => `[p${index}]`)
  const laid = places.map(
    (place, index) => `[v${index}]${copies[index]}overlay=${place}[v${index + 1}]`,
  )
  const graph = `[1]scale=160:160,split=${places.length}${copies.join('')};[0]null[v0];${laid.join(';')}`
  return [
    ...drawn(field),
    ...['-loop', '1', '-framerate', '10', '-t', String(SECONDS), '-i', FACE],
    ...['-filter_complex', graph, '-map', `[v${places.length}]`],
  ]
}
const NOISE = 'testsrc2=size=320x180:rate=10'
/** A face as children draw one, that goes to and fro. */
const CARTOON =
  "color=0x60c0f0:size=320x180:rate=10,geq=r='if(lt(hypot(X-160-40*sin(T*3),Y-90),60),250,lum(X,Y))'" +
  ":g='if(lt(hypot(X-160-40*sin(T*3),Y-90),60),210,180)':b='if(lt(hypot(X-160-40*sin(T*3),Y-90),60),40,240)'" +
  ',drawbox=x=140:y=70:w=8:h=14:color=black:t=fill,drawbox=x=172:y=70:w=8:h=14:color=black:t=fill'
const MUSIC = drawn('aevalsrc=0.2*sin(440*2*PI*t)+0.2*sin(554*2*PI*t)*gt(mod(t\\,0.5)\\,0.25)')

interface Film {
  readonly args: readonly string[]
  readonly simpler: readonly string[]
  /** Nothing is said in it; null: there is no sound. */
  readonly words?: null
  /** Nothing is cut more exactly. */
  readonly pictureSeconds?: number
}

const FILMS: Readonly<Record<string, Film>> = {
  'of 240 lines and without a sound': {
    args: drawn('testsrc2=size=426x240:rate=15'),
    words: null,
    simpler: ['centerCrop', 'noCaptions'],
  },
  'with nothing but silence': {
    args: [...drawn(NOISE), ...drawn('anullsrc')],
    simpler: ['centerCrop', 'noCaptions'],
  },
  'with nothing but music': {
    args: [...drawn(NOISE), ...MUSIC],
    simpler: ['centerCrop', 'noCaptions'],
  },
  'of black pictures': {
    args: [...drawn('color=black:size=320x180:rate=10'), ...MUSIC],
    simpler: ['centerCrop', 'noCaptions'],
  },
  // Its faces are seen now and then, which is too little to follow them.
  'that is drawn': {
    args: drawn(CARTOON),
    words: null,
    simpler: ['centerCrop', 'noCaptions'],
  },
  'with two people': {
    args: faces('color=0x203040:size=360x180:rate=10', 'x=10:y=10', 'x=190:y=10'),
    words: null,
    simpler: ['noCaptions'],
  },
  'that is upright': {
    args: faces('color=0x203040:size=180x320:rate=10', 'x=10:y=20'),
    words: null,
    simpler: ['noCaptions'],
  },
  'of one picture a second': {
    args: drawn('testsrc2=size=320x180:rate=1'),
    pictureSeconds: 1,
    words: null,
    simpler: ['centerCrop', 'noCaptions'],
  },
  'with pictures of unlike length': {
    args: [
      ...drawn('testsrc2=size=320x180:rate=30'),
      ...['-vf', "select='not(mod(n,3))+gt(n,45)*mod(n,2)'", '-fps_mode', 'vfr'],
    ],
    words: null,
    simpler: ['centerCrop', 'noCaptions'],
  },
}

describe('a film', () => {
  it.each(Object.keys(FILMS))('%s has its clip', async (name) => {
    const { args, words = [], simpler, pictureSeconds = 0.1 } = FILMS[name]!
    const key = `media/${name.replaceAll(' ', '-')}`
    const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac']
    const film = await makeMedia(folder, ...args, ...encode, 'film.mp4')
    await world.store(key, film, 'video/mp4')
    const { durationSeconds } = await probe({ ffprobePath: 'ffprobe', path: film })
    const footage = await storeFootage(world, {
      ...{ folderKey: `${key}-clips`, sourceKey: key, words },
      durationSeconds: durationSeconds!,
    })
    const wish = {
      limits: { count: 3, minSeconds: 1, maxSeconds: 2 },
      prompt: null,
    }
    const scored = await world.run('scoreMoments', { executionId, footage, wish })
    expect(scored.degradations).toEqual(['heuristicScore'])
    expect(scored.moments).toHaveLength(Math.floor(durationSeconds!))

    const clip = clipFrom(executionId, footage)
    const path = join(folder, 'clip.mp4')
    expect(await makeClipOf(world, clip, path)).toEqual(simpler)
    const made = await probe({ ffprobePath: 'ffprobe', path })
    expect(Math.abs(made.durationSeconds! - 1.5)).toBeLessThanOrEqual(pictureSeconds)
    const [video] = made.streams.filter(({ kind }) => kind === 'video')
    expect(video).toMatchObject({ widthPx: 1080, heightPx: 1080 })
    expect(made.streams.filter(({ kind }) => kind === 'audio')).toHaveLength(words === null ? 0 : 1)
  })

  it('with two people has each of them followed by itself', async () => {
    const [sourceKey, folderKey] = ['media/with-two-people', 'media/with-two-people-clips']
    const footage = { sourceKey, folderKey, durationSeconds: SECONDS, words: null }
    const { moment } = clipFrom(executionId, await storeFootage(world, footage))
    const { stream } = await world.deps.storage.open(facesKey(folderKey, moment))
    const { samples, ...timing } = (await json(stream)) as SeenFaces
    const tracks = trackFaces(samples, timing)
    expect(tracks).toHaveLength(2)
    expect(tracks.every(({ boxes }) => boxes.length === samples.length)).toBe(true)
  })

  it('leaves nothing behind in the folder of workspaces', async () => {
    expect(await world.workspaces()).toEqual([])
  })
})
