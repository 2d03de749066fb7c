import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  levelFilters,
  mixedSoundInput,
} from '../../../../src/adapters/ffmpeg/compose/level-sound.ts'
import { mixSound } from '../../../../src/adapters/ffmpeg/compose/mix-sound.ts'
import { measureLoudness } from '../../../../src/adapters/ffmpeg/loudness.ts'
import { PROGRAMS } from '../../../support/converted-media.ts'
import { makeMedia } from '../../../support/media-corpus.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-mix-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const SECONDS = 6

const mixed = async (name: string, source: string) => {
  const format = ['-ar', '48000', '-ac', '2', '-f', 'f32le']
  const path = await makeMedia(folder, '-f', 'lavfi', '-i', source, ...format, `${name}.f32`)
  const outputPath = join(folder, `${name}-mixed.f32`)
  const totalSamples = SECONDS * 48_000
  const piece = { path, startSample: 0, samplesMax: Infinity, volume: 1 }
  const sound = await mixSound(outputPath, [piece], { totalSamples, isMeasured: true })
  return { path: outputPath, sound }
}

const SPEECH = "volume='if(lt(mod(t,1),0.3),0,1)':eval=frame"

test.each([
  ['a tone', `sine=frequency=330:duration=${SECONDS}`],
  ['noise with pauses', `anoisesrc=d=${SECONDS}:c=pink:a=0.3:seed=1,${SPEECH}`],
  ['quiet and loud', `anoisesrc=d=${SECONDS}:a=0.02:seed=2,volume='1+4*gt(t,4)':eval=frame`],
])('%s is as loud as FFmpeg finds it', async (name, source) => {
  const { path, sound } = await mixed(name, source)
  const found = await measureLoudness({ ...PROGRAMS, input: mixedSoundInput(path), filters: [] })
  expect(sound.integratedLufs).toBeCloseTo(found.integratedLufs ?? 0, 0)
  expect(Math.abs((sound.integratedLufs ?? 0) - (found.integratedLufs ?? 0))).toBeLessThan(0.1)
})

test.each([
  ['far from the top', 0.02, -20],
  ['between the samples near the top', 0.35, -14],
  ['over the top', 0.9, -8],
])('a sound whose peaks are %s gets its loudness', async (name, amplitude, loudnessLufs) => {
  const { path, sound } = await mixed(name, `anoisesrc=d=${SECONDS}:c=pink:a=${amplitude}:seed=3`)
  const tools = { ...PROGRAMS, folder }
  const filters = await levelFilters(tools, path, { sound, loudnessLufs })
  const after = await measureLoudness({ ...PROGRAMS, input: mixedSoundInput(path), filters })
  expect(Math.abs((after.integratedLufs ?? 0) - loudnessLufs)).toBeLessThan(0.5)
  expect(after.truePeakDbfs).toBeLessThan(-0.5)
})
