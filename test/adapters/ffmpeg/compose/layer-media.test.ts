import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { LocalMedium } from '../../../../src/adapters/ffmpeg/compose/compose-job.ts'
import { runMediaOperation } from '../../../../src/adapters/ffmpeg/compose/run-media-operation.ts'
import { measureLoudness } from '../../../../src/adapters/ffmpeg/loudness.ts'
import type { Layer } from '../../../../src/domain/generation/job-params.ts'
import { colourGrid, describeStream, PROGRAMS } from '../../../support/converted-media.ts'
import { makeMedia, makeTone } from '../../../support/media-corpus.ts'

type Wish = Partial<Omit<Layer<LocalMedium>, 'source'>>

let folder: string
let attempts = 0
let red: LocalMedium
let blue: LocalMedium
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-layer-'))
  red = await film('red', '320x180')
  blue = await film('blue', '160x160')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const film = async (colour: string, size: string): Promise<LocalMedium> => ({
  media: 'video',
  path: await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `color=${colour}:s=${size}:r=25:d=1`, '-f', 'lavfi', '-i', 'sine=d=1'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
    `${colour}.mp4`,
  ),
})

const picture = async (name: string, source: string): Promise<LocalMedium> => ({
  media: 'image',
  path: await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', source, '-frames:v', '1', '-c:v', 'png', '-f', 'image2pipe', name],
  ),
})

const layer = (source: LocalMedium, wish: Wish = {}): Layer<LocalMedium> => ({
  source,
  placement: null,
  opacity: 1,
  startSeconds: 0,
  endSeconds: null,
  chromaKey: null,
  volume: 0,
  ...wish,
})

const lay = async (...layers: Layer<LocalMedium>[]) => {
  attempts += 1
  const work = join(folder, `attempt-${attempts}`)
  await mkdir(work)
  return runMediaOperation({ ...PROGRAMS, folder: work, operation: 'layer', params: { layers } })
}

/** The colour at a place, in parts of the sides. */
const colourAt = async (path: string, [x, y]: readonly [number, number], seconds = 0.4) => {
  const name = `at-${(attempts += 1)}.png`
  await makeMedia(folder, '-ss', String(seconds), '-i', path, '-frames:v', '1', name)
  const [columns, rows] = [32, 18]
  const grid = await colourGrid(join(folder, name), columns, rows)
  const [r = 0, g = 0, b = 0] = grid[Math.floor(y * rows) * columns + Math.floor(x * columns)] ?? []
  const parts = [r > 90 ? 'red' : '', g > 70 ? 'green' : '', b > 90 ? 'blue' : '']
  return parts.filter(Boolean).join('+') || 'black'
}

describe('layer', () => {
  it('takes size, rate and length from the background', async () => {
    const { path } = await lay(layer(red), layer(blue, { startSeconds: 0.5 }))
    expect(await describeStream(path, 'v')).toMatchObject({
      width: 320,
      height: 180,
      r_frame_rate: '25/1',
      nb_read_frames: '25',
    })
  })

  it.each([
    { corner: 'bottom-right', inside: [0.9, 0.9], outside: [0.5, 0.5] },
    { corner: 'top-left', inside: [0.1, 0.15], outside: [0.4, 0.6] },
    { corner: 'center', inside: [0.5, 0.5], outside: [0.1, 0.1] },
    { corner: 'right', inside: [0.9, 0.5], outside: [0.9, 0.1] },
  ] as const)('lays a quarter of the width at the $corner', async ({ corner, inside, outside }) => {
    const at = { corner, padding: '2%' } as const
    const { path } = await lay(
      layer(red),
      layer(blue, { placement: { width: '25%', height: null, at } }),
    )
    expect(await colourAt(path, inside)).toBe('blue')
    expect(await colourAt(path, outside)).toBe('red')
  })

  it('lays a layer at a place in pixels, cut to the size that was asked for', async () => {
    const placement = { width: 100, height: 40, at: { x: 200, y: 20 } }
    const { path } = await lay(layer(red), layer(blue, { placement }))
    expect(await colourAt(path, [250 / 320, 40 / 180])).toBe('blue')
    expect(await colourAt(path, [250 / 320, 80 / 180])).toBe('red')
    expect(await colourAt(path, [180 / 320, 40 / 180])).toBe('red')
  })

  it('shows layers from their start to their end', async () => {
    const times = { startSeconds: 0.32, endSeconds: 0.64 }
    const { path } = await lay(layer(red), layer(blue, times))
    expect(await colourAt(path, [0.5, 0.5], 0.2)).toBe('red')
    expect(await colourAt(path, [0.5, 0.5], 0.4)).toBe('blue')
    expect(await colourAt(path, [0.5, 0.5], 0.8)).toBe('red')
  })

  it('lets the background shine through', async () => {
    const { path } = await lay(layer(red), layer(blue, { opacity: 0.5 }))
    expect(await colourAt(path, [0.5, 0.5])).toBe('red+blue')
  })

  it('leaves out the colour of a key, and what is transparent', async () => {
    const screen = await picture('screen', 'color=0x00ff00:s=64x36,drawbox=0:0:32:36:blue:fill')
    const key = { color: '#00ff00', similarity: 0.2, blend: 0.05 }
    const keyed = await lay(layer(red), layer(screen, { chromaKey: key }))
    expect(await colourAt(keyed.path, [0.2, 0.5])).toBe('blue')
    expect(await colourAt(keyed.path, [0.8, 0.5])).toBe('red')
    const hole = await picture(
      'hole',
      'color=blue@0:s=64x36,format=rgba,drawbox=0:0:32:36:blue:fill',
    )
    const holed = await lay(layer(red), layer(hole))
    expect(await colourAt(holed.path, [0.8, 0.5])).toBe('red')
  })

  it('is as long as what is laid over a picture', async () => {
    const still = await picture('still', 'color=red:s=64x36')
    const { path } = await lay(layer(still), layer(blue, { startSeconds: 0.6 }))
    expect(await describeStream(path, 'v')).toMatchObject({ nb_read_frames: '40' })
    expect(await colourAt(path, [0.5, 0.5], 0.2)).toBe('red')
    expect(await colourAt(path, [0.5, 0.5], 1.5)).toBe('blue')
  })

  it('mixes the sounds that are to be heard, each at its start', async () => {
    const tone = await makeTone(folder, 'tone.wav', { durationSeconds: 2 })
    const heard = layer({ path: tone, media: 'audio' }, { volume: 1, startSeconds: 0.5 })
    const { path } = await lay(layer(red), heard)
    expect(await describeStream(path, 'a')).toMatchObject({ duration: '1.000000' })
    const loudness = (part: string) =>
      measureLoudness({ ...PROGRAMS, input: ['-i', path], filters: [part] })
    const [before, behind] = [await loudness('atrim=0:0.45'), await loudness('atrim=0.5:1')]
    expect(before.truePeakDbfs).toBeLessThan(-60)
    expect(behind.truePeakDbfs).toBeGreaterThan(-25)
    const silent = await lay(layer(red), layer(blue))
    expect(await describeStream(silent.path, 'a')).toEqual({})
  })

  it('says what cannot be laid', async () => {
    const tone = await makeTone(folder, 'only.wav', { durationSeconds: 1 })
    const first = lay(layer({ path: tone, media: 'audio' }))
    await expect(first).rejects.toMatchObject({ problems: [{ path: 'params.layers.0' }] })
    const late = lay(layer(red), layer(blue, { startSeconds: 1 }))
    await expect(late).rejects.toMatchObject({ problems: [{ path: 'params.layers.1' }] })
    const key = { color: 'green;[0]', similarity: 0.1, blend: 0 }
    const odd = lay(layer(red), layer(blue, { chromaKey: key }))
    await expect(odd).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })
})
