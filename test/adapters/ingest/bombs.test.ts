/** Files of a few kilobytes that would take gigabytes or hours: each is refused in seconds, in the
 * memory that the largest good picture takes too. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeMedium } from '../../../src/adapters/ingest/describe-medium.ts'
import { MediaError } from '../../../src/domain/failures.ts'
import type { MediaNeed } from '../../../src/domain/media-judgement.ts'
import { MEDIA_LIMITS } from '../../../src/domain/media-limits.ts'
import {
  makeExternalSong,
  makeGaps,
  makeHugeAvif,
  makeSampleTable,
  makeUnpackingPicture,
} from '../../support/media-bombs.ts'
import { peakMemoryOfChildren } from '../../support/processes.ts'

/** On a busy machine. An idle one needs two at most. */
const DECIDED_WITHIN_MS = 25_000
const MEMORY_BYTES_MAX = 500_000_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-bombs-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const judged = async (path: string, needs: MediaNeed) => {
  const startedAtMs = performance.now()
  const { result, peakBytes } = await peakMemoryOfChildren(() =>
    describeMedium({
      ffmpegPath: 'ffmpeg',
      ffprobePath: 'ffprobe',
      path,
      needs,
      durationSecondsMax: MEDIA_LIMITS.durationSecondsMax,
      wholly: true,
      timeoutMs: DECIDED_WITHIN_MS,
      signal: new AbortController().signal,
    }).catch((error: unknown) => error),
  )
  expect(performance.now() - startedAtMs).toBeLessThan(DECIDED_WITHIN_MS)
  expect(peakBytes).toBeGreaterThan(0)
  expect(peakBytes).toBeLessThan(MEMORY_BYTES_MAX)
  return result
}

const refusalOf = async (path: string, needs: MediaNeed): Promise<MediaError> => {
  const refusal = await judged(path, needs)
  expect(refusal).toBeInstanceOf(MediaError)
  return refusal as MediaError
}

describe('a hundred frames in 27 hours are too long', () => {
  test.each(['mkv', 'mp4'] as const)('%s, whatever its header tells', async (container) => {
    const { honest, lying } = await makeGaps(folder, container)
    expect((await refusalOf(honest, 'audio')).code).toBe('MEDIA_TOO_LARGE')
    expect((await refusalOf(lying, 'audio')).code).toBe('MEDIA_TOO_LARGE')
    expect((await refusalOf(lying, 'video')).code).toBe('MEDIA_TOO_LARGE')
  })
})

describe('a table of samples that are not there is unreadable', () => {
  test.each([
    { samples: 2 ** 31, sizes: 'listed' },
    { samples: 2 ** 31, sizes: 'all alike' },
    // As many as FFmpeg makes an index of, with 24 bytes for each.
    { samples: 100_000_000, sizes: 'all alike' },
  ] as const)('$samples samples, sizes $sizes', async (table) => {
    const path = await makeSampleTable(folder, table)
    expect((await refusalOf(path, 'audio')).code).toBe('MEDIA_UNREADABLE')
  })
})

test('a song that keeps its sound in another file is not looked for there', async () => {
  const refusal = await refusalOf(await makeExternalSong(folder), 'audio')
  expect(refusal.code).toBe('MEDIA_UNREADABLE')
})

test('an AVIF picture that claims 65,535 by 65,535 pixels is refused by its header', async () => {
  const refusal = await refusalOf(await makeHugeAvif(folder, 65_535), 'pictures')
  expect(refusal.code).toMatch(/^MEDIA_(TOO_LARGE|UNREADABLE|UNSUPPORTED)$/)
})

describe('what is packed into a picture beside its pixels', () => {
  test('a colour profile of two gigabytes makes it unreadable', async () => {
    const path = await makeUnpackingPicture(folder, { chunk: 'iCCP', gigabytes: 2 })
    expect((await refusalOf(path, 'pictures')).code).toBe('MEDIA_UNREADABLE')
  })

  test('a text of two gigabytes is left where it is', async () => {
    const path = await makeUnpackingPicture(folder, { chunk: 'zTXt', gigabytes: 2 })
    expect(await judged(path, 'pictures')).toMatchObject({ widthPx: 64, heightPx: 64 })
  })
})
